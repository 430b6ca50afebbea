/**
 * The names of everything this folder keeps in Redis. All of it begins with `medic:`; BullMQ's own keys with `medic:queue:`.
 *
 * | key | type | what |
 * |---|---|---|
 * | `medic:queue:{runs,queries,reports}:…` | BullMQ | the queues; a run is the job whose id is the run id |
 * | `medic:run:<runId>` | hash | `epoch` (the fence, raised at each take-up), `waiting`, `faults`, `ended`, `reported` |
 * | `medic:journal:<runId>` | stream | one entry per event, id `<seq + 1>-0`, each with a hash over the one before |
 * | `medic:gate:<gateId>` | hash | `state`, `runId`, `kind`, `required`, `confirm`, `expiresAt`, `approvals`, `chosen`, `glass`, and `by:<user>` for each who spoke |
 * | `medic:said:<gateId>` | list | the decisions at a gate, oldest first |
 * | `medic:abort:<runId>` | string | who asked to end the run, and when |
 * | `medic:progress:<runId>` | string | how far the running step has come; expires by itself |
 * | `medic:paced:<runId>` | string | present while the run was rendered less than a moment ago |
 * | `medic:index`, `medic:index:<cluster>` | sorted set | runs by the time they were asked for |
 * | `medic:unreported` | sorted set | runs whose journal, or what was said at their gate, is ahead of what was last rendered |
 * | `medic:thread:<runId>`, `medic:thread-at:<channel>:<ts>` | string | where a run's messages stand in Slack, and which run a thread is about |
 * | `medic:marker` | hash | `id` and `loss`: by it is seen that Redis was emptied |
 * | `medic:backups` | hash | where the workers keep their backups: by it is seen that two do not share one directory |
 * | `medic:workers` | sorted set | workers by the moment from which they count as gone, unless they say a word before |
 * | `medic:seen:<id>` | string | a command or event of Slack that was taken |
 * | `medic:revision:<cluster>` | hash | the highest revision seen, and when |
 */
import type { ClusterName, RunId } from '../ids.ts';

/** BullMQ's prefix for the keys of its queues. */
export const queuePrefix = 'medic:queue';

/** The queues by what is in them. */
export const queueNames = { runs: 'runs', queries: 'queries', reports: 'reports' } as const;

const runPrefix = 'medic:run:';

/** Makes the name of each key. */
export const keys = {
  runPrefix,
  run: (runId: RunId) => `${runPrefix}${runId}`,
  journal: (runId: RunId) => `medic:journal:${runId}`,
  gate: (gateId: string) => `medic:gate:${gateId}`,
  said: (gateId: string) => `medic:said:${gateId}`,
  abort: (runId: RunId) => `medic:abort:${runId}`,
  progress: (runId: RunId) => `medic:progress:${runId}`,
  paced: (runId: RunId) => `medic:paced:${runId}`,
  index: 'medic:index',
  indexOf: (cluster: ClusterName) => `medic:index:${cluster}`,
  unreported: 'medic:unreported',
  thread: (runId: RunId) => `medic:thread:${runId}`,
  threadAt: (channel: string, ts: string) => `medic:thread-at:${channel}:${ts}`,
  marker: 'medic:marker',
  backups: 'medic:backups',
  workers: 'medic:workers',
  seen: (id: string) => `medic:seen:${id}`,
  revision: (cluster: ClusterName) => `medic:revision:${cluster}`,
} as const;

/** How long what is known of a run is kept after the run last moved. */
export const retentionMs = 30 * 24 * 3_600_000;
