/**
 * What a worker leaves for the next one besides the journal: what the run waits for, and how often it failed on us.
 * Keys: `medic:run:<runId>` (hash: `epoch`, `waiting`, `faults`, each as JSON; written only under the epoch that is in force).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Permit } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import type { RunId } from '../ids.ts';
import { keys, retentionMs } from './keys.ts';
import { noteLua, takeUpLua } from './lua.ts';
import { available } from './unavailable.ts';

/** The gate a run waits at, and how much of what people said there it has taken in. */
export const WaitingSchema = z.object({
  gateId: z.string(),
  stepId: z.string(),
  expiresAt: z.iso.datetime(),
  /** When to look although nobody has spoken, when that is before the expiry. */
  wakeAt: z.iso.datetime().exactOptional(),
  /** A "no" only skips a step: the cluster is not held meanwhile. */
  optional: z.boolean(),
  decisionsRead: z.int().nonnegative(),
  /** When people are reminded; the run wakes then, so that the reminder is posted. */
  remindAt: z.array(z.iso.datetime()).default([]),
});
export type Waiting = z.infer<typeof WaitingSchema>;

/** Faults of our own (not failed steps) in a row. */
export const FaultsSchema = z.object({
  count: z.int().positive(),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  because: z.string(),
});
export type Faults = z.infer<typeof FaultsSchema>;

/** Raises the fence of a run and forgets what it waited for. Gives the new epoch. */
export async function raiseEpoch(records: Redis, runId: RunId): Promise<number> {
  const epoch: unknown = await records.eval(takeUpLua, 1, keys.run(runId), retentionMs);
  return z.int().parse(epoch);
}

/**
 * Makes what asks, right before each change, whether the run is still with the take-up of this epoch.
 * @param records a connection that waits while Redis is away
 */
export function permitOf(records: Redis, runId: RunId, epoch: number): Permit {
  return async () => {
    const current = await available(() => records.hget(keys.run(runId), 'epoch'));
    if (current === String(epoch)) return;
    throw new OpsError(
      'RUN_TAKEN_OVER',
      `Run ${runId} was taken over: this worker holds epoch ${epoch}, the run is at ${current ?? 'none'}. Nothing was changed.`,
    );
  };
}

/** What the run waits for, if it waits. */
export async function readWaiting(records: Redis, runId: RunId): Promise<Waiting | undefined> {
  const json = await records.hget(keys.run(runId), 'waiting');
  return json === null ? undefined : WaitingSchema.parse(JSON.parse(json));
}

/** The faults so far, if there were any. */
export async function readFaults(redis: Redis, runId: RunId): Promise<Faults | undefined> {
  const json = await redis.hget(keys.run(runId), 'faults');
  return json === null ? undefined : FaultsSchema.parse(JSON.parse(json));
}

/** Leaves a note for the next worker; false when another one has the run already. */
export async function note(
  records: Redis,
  runId: RunId,
  epoch: number,
  what: { readonly waiting: Waiting } | { readonly faults: Faults },
): Promise<boolean> {
  const [field, value] = 'waiting' in what ? (['waiting', what.waiting] as const) : (['faults', what.faults] as const);
  return (await records.eval(noteLua, 1, keys.run(runId), epoch, field, JSON.stringify(value))) === 1;
}
