/**
 * A mark in Redis by which it is seen that Redis was emptied: what was there is gone and cannot be had back, and that must be said.
 *
 * Keys: `medic:marker` (hash: `id`, made by whoever finds none; `loss`, JSON, by the first process that finds another mark than the one it knew).
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { ClusterName, RunId } from '../ids.ts';
import { keys } from './keys.ts';
import { markLua } from './lua.ts';

/** A run that was alive when Redis lost it, as far as a process remembers it. */
export const LostRunSchema = z.object({
  runId: RunId,
  procedure: z.string(),
  cluster: ClusterName,
  requestedBy: z.string(),
  channel: z.string(),
  /** Its root message in Slack, and the card that waits. */
  rootTs: z.string().exactOptional(),
  cardTs: z.string().exactOptional(),
  /** Ids of steps. */
  done: z.array(z.string()),
  left: z.array(z.string()),
  /** The step that was being carried out, or waited. */
  at: z.string().exactOptional(),
});
export type LostRun = z.infer<typeof LostRunSchema>;

/** What was lost, and when: between two looks. Times in ISO 8601, UTC. */
export const LossSchema = z.object({ seenAt: z.iso.datetime(), noticedAt: z.iso.datetime(), runs: z.array(LostRunSchema) });
export type Loss = z.infer<typeof LossSchema>;

/** What a look at the mark gives. */
export interface Marked {
  readonly id: string;
  /** This very look has recorded the loss: whoever gets this tells the others. */
  readonly first: boolean;
}

/** Looks at the mark, and makes one where there is none. @param loss what is recorded when the mark is not the one that was known */
export async function lookAtMark(redis: Redis, known: string | undefined, loss: Loss): Promise<Marked> {
  const raw: unknown = await redis.eval(markLua, 1, keys.marker, known ?? '', randomUUID(), JSON.stringify(loss));
  const [id, first] = z.tuple([z.string(), z.int()]).parse(raw);
  return { id, first: first === 1 };
}

/** The loss that this Redis has recorded; undefined when it was never emptied that anybody saw. */
export async function readLoss(redis: Redis): Promise<Loss | undefined> {
  const json = await redis.hget(keys.marker, 'loss');
  return json === null ? undefined : LossSchema.parse(JSON.parse(json));
}

/** `Redis was emptied between 20:31:05 and 20:31:10 UTC on 2026-11-22` */
export function lossInWords({ seenAt, noticedAt }: Pick<Loss, 'seenAt' | 'noticedAt'>): string {
  return `Redis was emptied between ${seenAt.slice(11, 19)} and ${noticedAt.slice(11, 19)} UTC on ${noticedAt.slice(0, 10)}`;
}

/** What has become of a run, and how far it had come when it was last seen. */
export function goneInWords(loss: Pick<Loss, 'seenAt' | 'noticedAt'>, { runId, at, done, left }: LostRun): string {
  const stood = at === undefined ? '' : ` It was last seen at ${at}.`;
  const steps = `Done: ${done.join(', ') || 'nothing'}. Not known to be done: ${left.join(', ') || 'nothing'}.`;
  return `${runId} is gone and is not carried on: ${lossInWords(loss)}.${stood} ${steps}`;
}

/** What people do now. */
export function nowInWords({ cluster, procedure, at }: LostRun): string {
  return `\`status ${cluster}\` says how the cluster and its hosts stand: etcd may be stopped and masked, and data may lie aside. Then start a new run, or go on by hand as docs/runbooks/${procedure}.md says${at === undefined ? '' : ` under ${at}`}.`;
}
