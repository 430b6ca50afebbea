/**
 * How far the running step of a run has come: shown, never relied on.
 * Keys: `medic:progress:<runId>` (string, JSON `{stepId, text}`, expires by itself when nothing more is said).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { RunId } from '../ids.ts';
import { keys } from './keys.ts';

const ProgressSchema = z.object({ stepId: z.string(), text: z.string() });
/** How far a step has come, in words. */
type Progress = z.infer<typeof ProgressSchema>;

/** How long the last word on a step stands; longer than any step is silent. */
const progressTtlMs = 60_000;
/** The longest text that is kept. */
const maxTextCharacters = 300;

/** The last word on the running step. */
export async function readProgress(redis: Redis, runId: RunId): Promise<Progress | undefined> {
  const json = await redis.get(keys.progress(runId));
  return json === null ? undefined : ProgressSchema.parse(JSON.parse(json));
}

/** Says how far a step has come. */
export async function writeProgress(redis: Redis, runId: RunId, { stepId, text }: Progress, ttlMs = progressTtlMs): Promise<void> {
  await redis.set(keys.progress(runId), JSON.stringify({ stepId, text: text.slice(0, maxTextCharacters) }), 'PX', ttlMs);
}
