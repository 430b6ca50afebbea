/**
 * One run that changes a cluster at a time. BullMQ's deduplication holds the cluster from the add to the end of the run:
 * https://docs.bullmq.io/guide/jobs/deduplication. What is here is the one exception: a run that waits with an optional step gives
 * the cluster back, because it is recovered, and takes it again before it goes on.
 *
 * Keys: `medic:queue:runs:de:<cluster>` (BullMQ's deduplication key; its value is the id of the run that holds the cluster).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { RunRequest } from '../engine/journal.ts';
import { RunId } from '../ids.ts';
import { queueNames, queuePrefix } from './keys.ts';
import { holdLua } from './lua.ts';

const runsPrefix = `${queuePrefix}:${queueNames.runs}:`;

/** Takes the cluster of a run, or keeps it. Gives the run that holds it when another one does. */
export async function holdCluster(redis: Redis, run: RunRequest): Promise<RunId | undefined> {
  // BullMQ sets this key only when it adds a job, so taking it again is done by hand; releasing is BullMQ's own removeDeduplicationKey.
  const holder: unknown = await redis.eval(holdLua, 1, `${runsPrefix}de:${run.cluster}`, run.runId, runsPrefix);
  const heldBy = z.string().parse(holder);
  return heldBy === run.runId ? undefined : RunId.parse(heldBy);
}
