/** What `snapshot status -w json` says, without losing digits. */
import { z } from 'zod';
import type { RestoredFacts } from './host.ts';

/** etcd's revisions are int64; JSON numbers end at 2^53. So the text of each number is kept, not its value. */
const Status = z.object({
  // uint32, printed by etcd's table as hex.
  hash: z.string().regex(/^[0-9]+$/),
  revision: z.string().regex(/^-?[0-9]+$/),
  totalKey: z.string().regex(/^[0-9]+$/),
  totalSize: z.string().regex(/^[0-9]+$/),
});

/** @returns undefined when the text is not what etcdctl or etcdutl print */
export function parseSnapshotStatus(json: string): RestoredFacts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json, keepDigits);
  } catch {
    return undefined;
  }
  const parsed = Status.safeParse(value);
  if (!parsed.success) return undefined;
  const { hash, revision, totalKey, totalSize } = parsed.data;
  return { hash: Number(hash).toString(16), revision: BigInt(revision), totalKeys: Number(totalKey), totalSizeBytes: Number(totalSize) };
}

/** The third argument is new in ES2025 and not in TypeScript's declaration yet (https://github.com/tc39/proposal-json-parse-with-source). */
const keepDigits = ((_key: string, value: unknown, context: { readonly source?: string }) =>
  typeof value === 'number' ? context.source : value) as (key: string, value: unknown) => unknown;
