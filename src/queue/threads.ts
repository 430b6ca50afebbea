/**
 * Where each run's messages stand in Slack, so that each is posted once and found again.
 * Keys: `medic:thread:<runId>` (string, JSON), `medic:thread-at:<channel>:<ts>` (string: the run whose root message this is).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { RunId } from '../ids.ts';
import { keys, retentionMs } from './keys.ts';
import { available } from './unavailable.ts';

const Posted = z.object({ ts: z.string(), digest: z.string() });
const ThreadRecord = z.object({ channel: z.string(), root: Posted, rootEditedAt: z.string(), replies: z.record(z.string(), Posted) });

/** The messages of one run: as `slack/` keeps them. */
type ThreadRecord = z.infer<typeof ThreadRecord>;

/** The messages of all runs. Every method throws QUEUE_UNAVAILABLE when Redis does not answer. */
interface Threads {
  get(run: RunId): Promise<ThreadRecord | undefined>;
  set(run: RunId, record: ThreadRecord): Promise<void>;
  runAt(channel: string, rootTs: string): Promise<RunId | undefined>;
}

/** Keeps them in Redis, as long as the runs. */
export function createThreads(records: Redis): Threads {
  return {
    get: (run) =>
      available(async () => {
        const text = await records.get(keys.thread(run));
        return text === null ? undefined : ThreadRecord.parse(JSON.parse(text));
      }),
    set: (run, record) =>
      available(async () => {
        await records
          .multi()
          .set(keys.thread(run), JSON.stringify(record), 'PX', retentionMs)
          .set(keys.threadAt(record.channel, record.root.ts), run, 'PX', retentionMs)
          .exec();
      }),
    runAt: (channel, rootTs) =>
      available(async () => {
        const run = await records.get(keys.threadAt(channel, rootTs));
        return run === null ? undefined : RunId.parse(run);
      }),
  };
}
