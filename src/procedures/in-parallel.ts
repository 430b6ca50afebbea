/** Acts on several hosts at the same time. */
import { OpsError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** Waits for all, also when one fails: nothing goes on unseen in the background. Then throws what went wrong, of every host. */
export async function inParallel(hosts: readonly Host[], act: (host: Host) => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled(hosts.map(act));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length === 0) return;
  const [first] = errors;
  if (errors.length === 1 || !(first instanceof OpsError)) throw first;
  throw new OpsError(first.code, errors.map((error) => (error instanceof Error ? error.message : String(error))).join(' '), {
    hint: first.hint,
    cause: first,
  });
}
