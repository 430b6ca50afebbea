/** One request to a member's `/v2/keys`, as the client certificate says, and its answer as JSON. */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from './endpoint.ts';
import { askHttp } from './http.ts';

/** What is asked of a member. */
export interface V2Question {
  readonly method: 'GET' | 'PUT';
  /** `/` or `/name/1`, as a person writes it. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** The answer is read up to here. */
  readonly limitBytes: number;
}

/** What a member answered. */
export interface V2Answer {
  readonly status: number;
  /** `X-Etcd-Index`: counts the changes of the v2 store. */
  readonly index: bigint;
  /** `X-Raft-Index`: where raft stood. */
  readonly raftIndex: bigint;
  /** Undefined when it was no JSON, or longer than the limit. */
  readonly body: unknown;
}

/** Sends it. @throws what node throws, untranslated @see https://etcd.io/docs/v2.3/api/ */
export async function askV2({ url, tls }: Pick<Endpoint, 'url' | 'tls'>, question: V2Question): Promise<V2Answer> {
  const { method, key, query = {}, form, limitMs, limitBytes } = question;
  const at = new URL(`/v2/keys${key.split('/').map(encodeURIComponent).join('/')}`, url);
  for (const [name, value] of Object.entries(query)) at.searchParams.set(name, value);
  const response = await askHttp(
    { url, tls },
    { path: `${at.pathname}${at.search}`, method, limitMs, ...(form !== undefined && { form }) },
  );
  return {
    status: response.statusCode ?? 0,
    index: numberIn(response, 'x-etcd-index'),
    raftIndex: numberIn(response, 'x-raft-index'),
    body: await read(response, limitBytes),
  };
}

function numberIn({ headers }: IncomingMessage, name: string): bigint {
  const value = headers[name];
  return typeof value === 'string' && /^[0-9]+$/.test(value) ? BigInt(value) : 0n;
}

async function read(response: IncomingMessage, limitBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      response.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
