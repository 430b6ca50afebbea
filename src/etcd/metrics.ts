/** What a member says of itself in /metrics and nowhere else. */
import type { IncomingMessage } from 'node:http';
import { OpsError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { askHttp } from './http.ts';

const limitMs = 2_000;
/** A member that compacts may be slow once. */
const attempts = 2;
/** etcd's metrics are about 100 KB. */
const bodyLimitBytes = 4 * 1_024 * 1_024;
/** Of a member that serves its metrics elsewhere (`--listen-metrics-urls`). */
const notFound = 404;
const quotaMetric = 'etcd_server_quota_backend_bytes';

/**
 * The member's `--quota-backend-bytes`.
 * @returns undefined when its metrics do not say, or are served elsewhere; Infinity when the quota is switched off (a negative one)
 * @throws OpsError ETCD_UNREACHABLE when they do not answer
 * @see https://etcd.io/docs/v3.4/metrics/ (`/metrics` is served on every client URL, without authentication of etcd's users)
 */
export async function quotaBytes(endpoint: Pick<Endpoint, 'member' | 'url' | 'tls'>): Promise<number | undefined> {
  const value = await readMetric(endpoint, quotaMetric);
  return value === undefined || value >= 0 ? value : Number.POSITIVE_INFINITY;
}

async function readMetric(endpoint: Pick<Endpoint, 'member' | 'url' | 'tls'>, name: string): Promise<number | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await askHttp(endpoint, { path: '/metrics', limitMs });
      if (response.statusCode === 200) return metricIn(await bodyOf(response), name);
      response.resume();
      if (response.statusCode === notFound) return undefined;
      throw new Error(`HTTP status ${response.statusCode}`);
    } catch (error) {
      if (attempt < attempts) continue;
      const because = error instanceof Error ? error.message : String(error);
      throw new OpsError('ETCD_UNREACHABLE', `${endpoint.member} does not say its metrics (${endpoint.url}/metrics: ${because}).`, {
        cause: error,
      });
    }
  }
}

/** A gauge without labels in Prometheus' text format. */
export function metricIn(text: string, name: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  const value = Number(line?.slice(name.length + 1));
  return Number.isFinite(value) ? value : undefined;
}

/** Cut at `bodyLimitBytes`: a member that says more than that is none. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyLimitBytes) break;
  }
  return Buffer.concat(chunks).toString();
}
