/** The three queues, as producers see them. Keys: `medic:queue:{runs,queries,reports}:…` (BullMQ's). */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ReportData } from './jobs.ts';
import type { QueryRequest } from '../engine/runs.ts';
import type { RunRequest } from '../engine/journal.ts';
import type { QueueLog } from './connection.ts';
import { queueNames, queuePrefix } from './keys.ts';

/** The queues of one process. */
export interface Queues {
  readonly runs: Queue<RunRequest>;
  readonly queries: Queue<QueryRequest>;
  readonly reports: Queue<ReportData>;
  close(): Promise<void>;
}

/** Opens the queues on a connection that fails fast. */
export function openQueues({ front, log }: { readonly front: Redis; readonly log: QueueLog }): Queues {
  const open = <Data>(name: string): Queue<Data> => {
    // Not waiting for the connection and not asking for its version is what lets an add fail at once while Redis is down.
    const queue = new Queue<Data>(name, { connection: front, prefix: queuePrefix, skipVersionCheck: true, skipWaitingForReady: true });
    queue.on('error', (error) => log.warn({ queue: name, because: error.message }, 'queue failed'));
    return queue;
  };
  const runs = open<RunRequest>(queueNames.runs);
  const queries = open<QueryRequest>(queueNames.queries);
  const reports = open<ReportData>(queueNames.reports);
  return {
    runs,
    queries,
    reports,
    close: async () => {
      await Promise.all([runs.close(), queries.close(), reports.close()]);
    },
  };
}
