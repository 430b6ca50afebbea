/** etcd's HTTP interface, asked from this process: to start etcdctl on a busy machine takes longer than what it asks for. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import type { EtcdPlace } from './site.ts';
import type { HostState, LabState } from './state.ts';
import { clientUrl } from './urls.ts';

/** One member: the etcd of that place on that host. */
export interface Asked {
  readonly host: HostState;
  readonly etcd: EtcdPlace;
}

export interface GatewayOptions {
  /** Sent as JSON by POST; without it the path is asked for by GET. */
  readonly body?: object;
  readonly timeoutMs: number;
}

/**
 * Asks one member, with the certificate of root: https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/. Once authentication is enabled the gateway takes
 * tokens only, and no certificate.
 * @throws Error when it does not answer in time or answers with an error
 */
export async function askGateway(
  lab: LabState,
  { host, etcd }: Asked,
  path: string,
  { body, timeoutMs }: GatewayOptions,
): Promise<unknown> {
  const { ca, root } = pkiPaths(labPaths(lab.name).pki, []);
  const [trusted, cert, key] = await Promise.all([readFile(ca), readFile(root.cert), readFile(root.key)]);
  const url = new URL(path, clientUrl(host, etcd));
  return await new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method: body === undefined ? 'GET' : 'POST', ca: trusted, cert, key, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode !== 200) reject(new Error(`${host.name} answered ${path} with ${answer.statusCode}: ${text}`));
          else resolve(JSON.parse(text));
        });
      },
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Whether a linearizable read through this member works, and no alarm is raised: what etcd says on `/health`. */
export async function isHealthy(lab: LabState, member: Asked, timeoutMs: number): Promise<boolean> {
  const answer = await askGateway(lab, member, '/health', { timeoutMs }).catch(() => undefined);
  return typeof answer === 'object' && answer !== null && 'health' in answer && answer.health === 'true';
}
