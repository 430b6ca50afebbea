/**
 * The highest revision seen of each cluster, kept outside of it.
 * Keys: `medic:revision:<cluster>` (hash: `revision` in decimal, `at` in ISO 8601).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Clock } from '../engine/ports.ts';
import type { ClusterName } from '../ids.ts';
import type { RevisionLedger } from '../procedures/world.ts';
import { keys } from './keys.ts';
import { observeLua } from './lua.ts';
import { available } from './unavailable.ts';

interface LedgerDeps {
  readonly records: Redis;
  readonly cluster: ClusterName;
  readonly clock: Clock;
}

const Known = z.union([
  z.object({ revision: z.string().regex(/^\d+$/).transform(BigInt), at: z.iso.datetime().transform((at) => new Date(at)) }),
  z
    .object({})
    .strict()
    .transform(() => undefined),
]);

/** Makes the ledger of one cluster. Every method throws QUEUE_UNAVAILABLE when Redis does not answer. */
export function createRevisionLedger({ records, cluster, clock }: LedgerDeps): RevisionLedger {
  const key = keys.revision(cluster);
  return {
    observe: (revision) =>
      available(async () => {
        await records.eval(observeLua, 1, key, revision.toString(), clock.now().toISOString());
      }),
    highest: () => available(async () => Known.parse(await records.hgetall(key))),
    restart: (revision) =>
      available(async () => {
        await records.hset(key, { revision: revision.toString(), at: clock.now().toISOString() });
      }),
  };
}
