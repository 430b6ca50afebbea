/** Asks a member's client URL over plain HTTP(S), as the client certificate says: for what etcd does not serve over gRPC. */
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Endpoint } from './endpoint.ts';

interface HttpQuestion {
  /** With its query: `/metrics`. */
  readonly path: string;
  /** GET when not given. */
  readonly method?: 'GET' | 'PUT';
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Of the whole, the reading of the body included. */
  readonly limitMs: number;
}

/** Sends it; the body is still to be read. @throws what node throws, untranslated */
export function askHttp(
  { url, tls }: Pick<Endpoint, 'url' | 'tls'>,
  { path, method = 'GET', form, limitMs }: HttpQuestion,
): Promise<IncomingMessage> {
  const at = new URL(path, url);
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const options = {
    method,
    agent: false,
    signal: AbortSignal.timeout(limitMs),
    ...(body !== undefined && {
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
    }),
  } as const;
  return new Promise((resolve, reject) => {
    const asked =
      at.protocol === 'https:'
        ? requestHttps(at, { ...options, ...(tls !== undefined && { ca: tls.ca, cert: tls.cert, key: tls.key }) })
        : requestHttp(at, options);
    asked.once('response', resolve);
    asked.on('error', reject);
    asked.end(body);
  });
}
