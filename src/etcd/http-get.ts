/** Asks a member's client URL over plain HTTP(S), as the client certificate says: for what etcd does not serve over gRPC. */
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Endpoint } from './endpoint.ts';

/**
 * Sends a GET; the body is still to be read.
 * @param path with its query: `/metrics`
 * @param limitMs of the whole, the reading of the body included
 * @throws what node throws, untranslated
 */
export function httpGet({ url, tls }: Pick<Endpoint, 'url' | 'tls'>, path: string, limitMs: number): Promise<IncomingMessage> {
  const at = new URL(path, url);
  const options = { agent: false, signal: AbortSignal.timeout(limitMs) } as const;
  return new Promise((resolve, reject) => {
    const asked =
      at.protocol === 'https:'
        ? requestHttps(at, { ...options, ...(tls !== undefined && { ca: tls.ca, cert: tls.cert, key: tls.key }) })
        : requestHttp(at, options);
    asked.once('response', resolve);
    asked.on('error', reject);
    asked.end();
  });
}
