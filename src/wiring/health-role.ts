/** What /healthz and /metrics say of this process: Redis, each of its roles, and how the queues stand. */
import type { Role } from '../config/environment.ts';
import type { Settings } from '../config/load.ts';
import type { Clock } from '../engine/ports.ts';
import type { Connections, QueueLog } from '../queue/connection.ts';
import type { Queues } from '../queue/queues.ts';
import { queueStatus } from '../queue/status.ts';
import { serveHealth } from './health.ts';
import type { JobCount } from './health.ts';
import { aborted, keepTrying } from './keep-trying.ts';
import type { Kept } from './keep-trying.ts';

/** A role that was started, perhaps not up yet. */
export interface RoleState extends Pick<Kept, 'whyNot' | 'up'> {
  readonly role: Role;
}

/** What /healthz says beside Redis; known bit by bit while the process starts. */
export interface Said {
  roles: readonly RoleState[];
  remarks: () => readonly string[];
}

interface HealthRoleDeps {
  readonly settings: Pick<Settings, 'roles' | 'httpHost' | 'httpPort'>;
  readonly connections: Connections;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly said: Said;
}

/** Serves them until it is stopped; `port` is the one that it got. A port that cannot be had is worth an error in the log, and stops no run. */
export function keepHealth({
  settings,
  connections,
  queues,
  clock,
  log,
  said,
}: HealthRoleDeps): Pick<Kept, 'stop'> & { readonly port: Promise<number> } {
  const port = Promise.withResolvers<number>();
  const redis = { name: 'redis', look: async () => await whyNotRedis(connections) };
  const role = (name: Role) => ({
    name,
    look: async () => {
      const state = said.roles.find((one) => one.role === name);
      return state === undefined ? 'It waits for Redis.' : state.whyNot();
    },
  });
  const kept = keepTrying({
    name: 'health',
    clock,
    log,
    attempt: async (up, signal) => {
      const served = await serveHealth({
        host: settings.httpHost,
        port: settings.httpPort,
        probes: [redis, ...settings.roles.map(role)],
        queueCounts: () => countsOf({ connections, queues, clock }),
        remarks: () => said.remarks(),
        clock,
      });
      log.info({ healthPort: served.port, healthHost: settings.httpHost }, 'health is served');
      port.resolve(served.port);
      up();
      await aborted(signal);
      await served.close();
    },
  });
  return { stop: kept.stop, port: port.promise };
}

/** Asked anew each time: a Redis that is frozen holds its connections. */
async function whyNotRedis({ front }: Connections): Promise<string | undefined> {
  try {
    await front.ping();
    return undefined;
  } catch (error) {
    return `Redis does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function countsOf({
  connections,
  queues,
  clock,
}: Pick<HealthRoleDeps, 'connections' | 'queues' | 'clock'>): Promise<readonly JobCount[]> {
  const { queues: depths } = await queueStatus(connections, queues, clock.now());
  return depths.flatMap(({ name, waiting, active, delayed, failed }) =>
    Object.entries({ waiting, active, delayed, failed }).map(([state, count]) => ({ queue: name, state, count })),
  );
}
