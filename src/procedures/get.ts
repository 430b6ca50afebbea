/** Read one key. */
import { z } from 'zod';
import { defineQuery } from './procedure.ts';
import { Key } from './put.ts';

/** Get, linearizable: https://etcd.io/docs/v3.5/dev-guide/interacting_v3/#read-keys */
export const get = defineQuery({
  id: 'get',
  summary: 'read a key (API 3)',
  permission: 'operate',
  arguments: [{ name: 'key', kind: 'positional', required: true, placeholder: '<key>', description: 'the key, e.g. /name/1' }],
  input: z.object({ key: Key }),
  async answer({ key }, { cluster, etcd }) {
    const found = await etcd.get(key);
    if (found === undefined) return { headline: `${cluster.name} has no key ${key}.`, parts: [] };
    return { headline: `${key} (revision ${found.modRevision}, version ${found.version}):`, parts: [{ type: 'verbatim', text: found.value }] };
  },
});
