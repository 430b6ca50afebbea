/** Read one key. */
import { z } from 'zod';
import { defineQuery } from './procedure.ts';
import { Key } from './put.ts';

/** A value up to this length, of one line, stands in the sentence. */
const shortLength = 80;

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
    const short = found.value.length <= shortLength && /^[\x20-\x7e]*$/.test(found.value);
    const where = `revision ${found.modRevision}, version ${found.version}`;
    if (short) return { headline: `${key} is “${found.value}” (${where}).`, parts: [] };
    return { headline: `${key} (${where}):`, parts: [{ type: 'verbatim', text: found.value }] };
  },
});
