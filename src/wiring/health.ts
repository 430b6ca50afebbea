/** GET /healthz and GET /metrics of this process: both say what is so within seconds, whatever does not answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../engine/ports.ts';
import { within } from '../engine/within.ts';
import { OpsError } from '../errors.ts';

/** One thing that must be well for this process to be of use. */
export interface HealthProbe {
  readonly name: string;
  /** Undefined when it is well, else the reason. One that gives no answer within `lookLimitMs` is not well. */
  look(): Promise<string | undefined>;
}

/** Jobs of one queue in one state. */
export interface JobCount {
  readonly queue: string;
  readonly state: string;
  readonly count: number;
}

interface HealthDeps {
  /** The address that is listened on. */
  readonly host: string;
  readonly port: number;
  /** Looked at anew for each request. */
  readonly probes: readonly HealthProbe[];
  /** What a person should know and a restart would not cure. */
  readonly remarks?: () => readonly string[];
  /** Jobs of each queue and state, for the metrics. */
  readonly queueCounts: () => Promise<readonly JobCount[]>;
  readonly clock: Clock;
}

/** How long one look may take. Below the limit of whoever asks: docker's is 5 s here, Prometheus's 10 s. */
const lookLimitMs = 2_000;

/** Serves until closed. Gives the port it got (0 asks for any). @throws OpsError CONFIG_INVALID when the address cannot be listened on */
export async function serveHealth({
  host,
  port,
  probes,
  remarks = () => [],
  queueCounts,
  clock,
}: HealthDeps): Promise<{ readonly port: number; close(): Promise<void> }> {
  const registry = metricsRegistry({ probes, queueCounts, clock });
  const server = createServer((request, response) => {
    const answer =
      request.url === '/healthz' ? healthOf(clock, probes, remarks()) : request.url === '/metrics' ? metricsOf(registry) : notFound();
    answer.then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(error instanceof Error ? error.message : 'failed'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function cannotListen({ code, message }: NodeJS.ErrnoException, host: string, port: number): Error {
  const why =
    code === 'EADDRINUSE'
      ? 'another program has it'
      : code === 'EADDRNOTAVAIL'
        ? 'this machine does not have that address'
        : code === 'EACCES'
          ? 'this user may not have it'
          : message;
  return new OpsError('CONFIG_INVALID', `/healthz cannot be served on ${host} port ${port}: ${why}.`, {
    hint: 'Set ETCD_MEDIC_HTTP_HOST and ETCD_MEDIC_HTTP_PORT to an address and a port that are free on this machine.',
  });
}

/** Looks at everything at once. A look that fails, or takes too long, is a reason too. */
function lookAt(
  clock: Clock,
  probes: readonly HealthProbe[],
): Promise<readonly { readonly name: string; readonly because: string | undefined }[]> {
  return Promise.all(
    probes.map(async ({ name, look }) => ({
      name,
      because: await inTime(clock, look()).catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
    })),
  );
}

/** @throws Error when there is no answer in time */
async function inTime<T>(clock: Clock, look: Promise<T>): Promise<T> {
  return await within(clock, lookLimitMs, look, (): never => {
    throw new Error(`There was no answer within ${lookLimitMs / 1000} s.`);
  });
}

function metricsRegistry({ probes, queueCounts, clock }: Pick<HealthDeps, 'probes' | 'queueCounts' | 'clock'>): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const up = new Gauge({
    name: 'etcd_medic_up',
    help: '1 for what /healthz says is well: redis, and each role of this process',
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      for (const { name, because } of await lookAt(clock, probes)) up.set({ check: name }, because === undefined ? 1 : 0);
    },
  });
  const jobs = new Gauge({
    name: 'etcd_medic_jobs',
    help: 'Jobs of each queue by state; absent while Redis does not say',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      // What was counted before is not true any more; and what is known of the rest is told without it.
      jobs.reset();
      const counts = await inTime(clock, queueCounts()).catch((): readonly JobCount[] => []);
      for (const { queue, state, count } of counts) jobs.set({ queue, state }, count);
    },
  });
  return registry;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function healthOf(clock: Clock, probes: readonly HealthProbe[], remarks: readonly string[]): Promise<Page> {
  const looks = await lookAt(clock, probes);
  const healthy = looks.every(({ because }) => because === undefined);
  const body = JSON.stringify({
    healthy,
    checks: Object.fromEntries(looks.map(({ name, because }) => [name, because ?? 'well'])),
    ...(remarks.length > 0 && { remarks }),
  });
  return { status: healthy ? 200 : 503, type: 'application/json', body: `${body}\n` };
}

async function metricsOf(registry: Registry): Promise<Page> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
}

async function notFound(): Promise<Page> {
  return { status: 404, type: 'text/plain', body: 'There are /healthz and /metrics.\n' };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
