/** Waits for the answer to a question, for a front that shows it itself. Keys: read only. */
import type { Queue } from 'bullmq';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { QueryRequest } from '../engine/runs.ts';
import { ReplySchema } from './jobs.ts';
import type { Reply } from './jobs.ts';
import { available } from './unavailable.ts';

const lookIntervalMs = 100;

interface ReadReplyDeps {
  readonly queries: Pick<Queue<QueryRequest>, 'getJob'>;
  readonly clock: Clock;
  readonly limitMs: number;
  /** Looks once; undefined when Redis did not answer and is to be asked again. */
  readonly patiently: <T>(look: () => Promise<T>) => Promise<T | undefined>;
}

/** @throws ETCD_UNREACHABLE when no worker answered in time, and what `patiently` throws when it gives up */
export async function readReply({ queries, clock, limitMs, patiently }: ReadReplyDeps, jobId: string): Promise<Reply> {
  const start = clock.now().getTime();
  for (;;) {
    const job = await patiently(() => available(() => queries.getJob(jobId)));
    if (job?.returnvalue !== undefined && job.returnvalue !== null) return ReplySchema.parse(job.returnvalue);
    if (clock.now().getTime() - start >= limitMs) {
      throw new OpsError('ETCD_UNREACHABLE', `No worker answered within ${limitMs / 1000} s.`, { hint: 'Check that a worker is running.' });
    }
    await clock.sleep(lookIntervalMs);
  }
}
