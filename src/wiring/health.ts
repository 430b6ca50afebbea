/** GET /healthz and GET /metrics of this process. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** One thing that must be well for this process to be of use. */
export interface HealthProbe {
  readonly name: string;
  /** Undefined when it is well, else the reason. Bounded by whoever implements it. */
  look(): Promise<string | undefined>;
}

interface HealthDeps {
  readonly port: number;
  readonly probes: readonly HealthProbe[];
  /** What a person should know and a restart would not cure. */
  readonly remarks?: () => readonly string[];
  /** Jobs of each queue and state, for the metrics. */
  readonly queueCounts: () => Promise<readonly { readonly queue: string; readonly state: string; readonly count: number }[]>;
}

/** Serves until closed. Gives the port it got (0 asks for any). */
export async function serveHealth({
  port,
  probes,
  remarks = () => [],
  queueCounts,
}: HealthDeps): Promise<{ readonly port: number; close(): Promise<void> }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const jobs = new Gauge({
    name: 'etcd_medic_jobs',
    help: 'Jobs of each queue by state',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      for (const { queue, state, count } of await queueCounts()) jobs.set({ queue, state }, count);
    },
  });
  const server = createServer((request, response) => {
    const answer = request.url === '/healthz' ? healthOf(probes, remarks()) : request.url === '/metrics' ? metricsOf(registry) : notFound();
    answer.then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(error instanceof Error ? error.message : 'failed'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function healthOf(probes: readonly HealthProbe[], remarks: readonly string[]): Promise<Page> {
  const looks = await Promise.all(
    probes.map(async ({ name, look }) => ({ name, because: await look().catch((error: unknown) => String(error)) })),
  );
  const ill = looks.filter(({ because }) => because !== undefined);
  const body = JSON.stringify({
    healthy: ill.length === 0,
    checks: Object.fromEntries(looks.map(({ name, because }) => [name, because ?? 'well'])),
    ...(remarks.length > 0 && { remarks }),
  });
  return { status: ill.length === 0 ? 200 : 503, type: 'application/json', body: `${body}\n` };
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
