/** Stands between the bot and local-slack: makes chosen calls fail as Slack's do, and answers what local-slack does not know. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What becomes of a call: an answer, no answer at all, or passed on. */
export type Fault =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }
  | 'no answer'
  | 'pass on';

/** The proxy. */
export interface FaultProxy {
  /** For `slackApiUrl`. */
  readonly apiUrl: string;
  /** Decides each call by its method, from now on. */
  decide(rule: (method: string, args: URLSearchParams) => Fault): void;
  stop(): Promise<void>;
}

/** Slack's answer to too many calls: https://docs.slack.dev/apis/web-api/rate-limits */
export function rateLimited(retryAfterSeconds: number): Fault {
  return { status: 429, headers: { 'retry-after': String(retryAfterSeconds) }, body: { ok: false, error: 'ratelimited' } };
}

/** A refusal with one of Slack's own codes. */
export function refusal(error: string): Fault {
  return { body: { ok: false, error } };
}

/** Starts a proxy in front of an API. */
export async function startFaultProxy(upstreamUrl: string): Promise<FaultProxy> {
  let rule: (method: string, args: URLSearchParams) => Fault = () => 'pass on';
  const sockets = new Set<Socket>();
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const method = (incoming.url ?? '').replace(/^\/api\//, '').replace(/\?.*$/, '');
    const body = await text(incoming);
    const fault = rule(method, new URLSearchParams(body));
    if (fault === 'no answer') return;
    if (fault !== 'pass on') {
      outgoing.writeHead(fault.status ?? 200, { 'content-type': 'application/json', ...fault.headers }).end(JSON.stringify(fault.body));
      return;
    }
    const headers = { authorization: incoming.headers.authorization ?? '', 'content-type': incoming.headers['content-type'] ?? '' };
    const passed = await fetch(`${upstreamUrl}${method}`, { method: 'POST', headers, body });
    outgoing.writeHead(passed.status, { 'content-type': 'application/json' }).end(await passed.text());
  };
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address !== 'object') throw new Error('no address');
  return {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    decide(next) {
      rule = next;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
