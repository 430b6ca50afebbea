/** Read one key. */
import { z } from 'zod';
import type { Answer } from './answer.ts';
import { demandKey } from './key-limits.ts';
import { defineQuery } from './procedure.ts';
import { Key } from './put.ts';
import { checkV2Key } from './v2/v2-key.ts';
import { plural } from '../engine/words.ts';
import type { World } from './world.ts';

/** A value up to this length, of one line, stands in the sentence. */
const shortLength = 80;
/** So many entries of a directory are shown. */
const entriesShown = 50;

/** Linearizable. API 3: https://etcd.io/docs/v3.5/dev-guide/interacting_v3/#read-keys ; API 2: https://etcd.io/docs/v2.3/api/#get-the-value-of-a-key */
export const get = defineQuery({
  id: 'get',
  summary: 'read a key',
  permission: 'operate',
  arguments: [
    { name: 'key', kind: 'positional', required: true, placeholder: '<key>', description: 'the key, e.g. /name/1' },
    { name: 'v2', kind: 'flag', required: false, description: 'with API 2, which etcd up to 3.5 serves with --enable-v2' },
  ],
  input: z.object({ key: Key, v2: z.boolean().optional() }).check(checkV2Key),
  permits: ({ key }, cluster) => demandKey('get', key, cluster),
  async answer({ key, v2 = false }, { cluster, etcd }) {
    demandKey('get', key, cluster);
    if (v2) return answerV2(cluster.name, key, await etcd.v2.get(key));
    const found = await etcd.get(key);
    if (found === undefined) return { headline: `${cluster.name} has no key ${key}.`, parts: [] };
    return shown(key, found.value, `revision ${found.modRevision}, version ${found.version}`);
  },
});

function answerV2(cluster: string, key: string, found: Awaited<ReturnType<World['etcd']['v2']['get']>>): Answer {
  if (found === undefined) return { headline: `${cluster} has no key ${key} of API 2.`, parts: [] };
  if (found.type === 'value') return shown(key, found.value, `API 2, index ${found.modifiedIndex}`);
  const text = found.entries.slice(0, entriesShown).join('\n');
  return {
    headline: `${key} is a directory of API 2, with ${plural(found.entries.length, 'key')} directly in it.`,
    parts: text === '' ? [] : [{ type: 'verbatim', text }],
  };
}

function shown(key: string, value: string, where: string): Answer {
  if (value.length <= shortLength && /^[\x20-\x7e]*$/.test(value)) return { headline: `${key} is “${value}” (${where}).`, parts: [] };
  return { headline: `${key} (${where}):`, parts: [{ type: 'verbatim', text: value }] };
}
