/** Write one key and see on every member that it is there. */
import { z } from 'zod';
import { fails, holds } from '../engine/finding.ts';
import { change } from '../engine/step.ts';
import { defineProcedure } from './procedure.ts';

/** etcd's own limit of a request is 1.5 MiB; a key or value typed by a person is far below this. */
const textBytesMax = 8 * 1024;

/** A key or a value as typed. */
const Text = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= textBytesMax, `a key or value typed here is at most ${textBytesMax} bytes`);
/** A key is never empty. */
export const Key = Text.min(1, 'a key is needed');

const Input = z.object({ key: Key, value: Text });

/** Put: https://etcd.io/docs/v3.5/dev-guide/interacting_v3/#write-a-key */
export const put = defineProcedure({
  id: 'put',
  summary: 'write a key (API 3)',
  permission: 'operate',
  exclusive: false,
  arguments: [
    { name: 'key', kind: 'positional', required: true, placeholder: '<key>', description: 'the key, e.g. /name/1' },
    { name: 'value', kind: 'positional', required: true, placeholder: '<value>', description: 'its new value' },
  ],
  input: Input,
  prepared: Input,
  prepare: async (input) => ({ prepared: input, summary: `Write ${input.key}` }),
  steps: ({ key, value }, { etcd }) => [
    change('put-key', `Write ${key}`, {
      plan: async () => [etcd.commands.put(key, value)],
      run: async () => {
        await etcd.put(key, value);
      },
      verify: async () => {
        const found = await etcd.get(key);
        if (found === undefined) return fails(`${key} is not there`);
        return found.value === value
          ? holds(`${key} has this value since revision ${found.modRevision}`)
          : fails(`${key} has another value`);
      },
    }),
  ],
  conclusion: async ({ key }) => `${key} is written and was read back.`,
});
