/** Write one key and see that it is there. */
import { z } from 'zod';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { change } from '../engine/step.ts';
import { demandKey } from './key-limits.ts';
import { defineProcedure } from './procedure.ts';
import { checkV2Key } from './v2/v2-key.ts';
import type { World } from './world.ts';

/** etcd's own limit of a request is 1.5 MiB; a key or value typed by a person is far below this. */
const textBytesMax = 8 * 1024;

/** A key or a value as typed. */
const Text = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= textBytesMax, `a key or value typed here is at most ${textBytesMax} bytes`);
/** A key is never empty. */
export const Key = Text.min(1, 'a key is needed');

const Input = z.object({ key: Key, value: Text, v2: z.boolean().optional() }).check(checkV2Key);

/** API 3: https://etcd.io/docs/v3.5/dev-guide/interacting_v3/#write-a-key ; API 2: https://etcd.io/docs/v2.3/api/#setting-the-value-of-a-key */
export const put = defineProcedure({
  id: 'put',
  summary: 'write a key',
  permission: 'operate',
  exclusive: false,
  arguments: [
    { name: 'key', kind: 'positional', required: true, placeholder: '<key>', description: 'the key, e.g. /name/1' },
    { name: 'value', kind: 'positional', required: true, placeholder: '<value>', description: 'its new value' },
    { name: 'v2', kind: 'flag', required: false, description: 'with API 2, which etcd up to 3.5 serves with --enable-v2' },
  ],
  input: Input,
  prepared: Input,
  permits: ({ key }, cluster) => demandKey('put', key, cluster),
  prepare: async (input, { cluster }) => {
    demandKey('put', input.key, cluster);
    return { prepared: input, summary: `Write ${input.key}${input.v2 === true ? ' (API 2)' : ''}` };
  },
  steps: ({ key, value, v2 = false }, { etcd, cluster }) => [
    change('put-key', `Write ${key}`, {
      plan: async () => [v2 ? etcd.v2.commands.put(key, value) : etcd.commands.put(key, value)],
      run: async () => {
        demandKey('put', key, cluster);
        await (v2 ? etcd.v2.put(key, value) : etcd.put(key, value));
      },
      verify: () => (v2 ? writtenV2(etcd, key, value) : written(etcd, key, value)),
    }),
  ],
  conclusion: async ({ key, v2 = false }) =>
    `${key} is written and was read back.${v2 ? ' It is a key of API 2: no snapshot of API 3 holds it.' : ''}`,
});

async function written(etcd: World['etcd'], key: string, value: string): Promise<Finding> {
  const found = await etcd.get(key);
  if (found === undefined) return fails(`${key} is not there`);
  return found.value === value ? holds(`${key} has this value since revision ${found.modRevision}`) : fails(`${key} has another value`);
}

async function writtenV2(etcd: World['etcd'], key: string, value: string): Promise<Finding> {
  const found = await etcd.v2.get(key);
  if (found === undefined) return fails(`${key} is not there`);
  if (found.type === 'directory') return fails(`${key} is a directory of API 2, with ${found.entries.length} entries`);
  return found.value === value ? holds(`${key} has this value since index ${found.modifiedIndex}`) : fails(`${key} has another value`);
}
