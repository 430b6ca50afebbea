/** How the queues stand, for health checks and metrics. Keys: read only. */
import type { Queue } from 'bullmq';
import type { Connections } from './connection.ts';
import type { Queues } from './queues.ts';
import { available } from './unavailable.ts';

/** How one queue stands. */
export interface QueueDepth {
  readonly name: string;
  /** Jobs that could be taken now. */
  readonly waiting: number;
  readonly active: number;
  /** Runs at a gate, reports to be tried again. */
  readonly delayed: number;
  readonly failed: number;
  /** How long the oldest waiting job has waited; absent when none waits. */
  readonly oldestWaitingMs?: number;
}

/** How the queues stand. */
export interface QueueStatus {
  /** Since when Redis answers; absent while it does not. */
  readonly connectedSince?: Date;
  readonly queues: readonly QueueDepth[];
}

/** Looks at the queues. @throws QUEUE_UNAVAILABLE */
export async function queueStatus(connections: Pick<Connections, 'connectedSince'>, queues: Queues, now: Date): Promise<QueueStatus> {
  const since = connections.connectedSince();
  const depths = await available(() => Promise.all([queues.runs, queues.queries, queues.reports].map((queue) => depthOf(queue, now))));
  return { queues: depths, ...(since !== undefined && { connectedSince: since }) };
}

async function depthOf(queue: Pick<Queue, 'name' | 'getJobCounts' | 'getJobs'>, now: Date): Promise<QueueDepth> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
  const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return {
    name: queue.name,
    waiting,
    active,
    delayed,
    failed,
    ...(oldest !== undefined && { oldestWaitingMs: now.getTime() - oldest.timestamp }),
  };
}
