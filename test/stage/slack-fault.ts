/** Stands between the bot and Slack's Web API, and behaves badly when told to. */
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';

/** `limited`: 429 to everything; `silent`: takes the request and never answers. */
export type Behaviour = 'well' | 'limited' | 'silent';

/** The way to Slack with a fault in it. Only the Web API goes through here; events come as before. */
export interface SlackFault {
  readonly apiUrl: string;
  behave(behaviour: Behaviour): void;
  /** How long it has behaved badly by now. */
  refusedForMs(): number;
  stop(): Promise<void>;
}

const retryAfterSeconds = '2';

/** Starts it in front of an API, given with its path, e.g. `http://localhost:3000/api/`. */
export async function startSlackFault(realApiUrl: string): Promise<SlackFault> {
  let behaviour: Behaviour = 'well';
  let since = performance.now();
  const held = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    if (behaviour === 'limited') {
      outgoing
        .writeHead(429, { 'retry-after': retryAfterSeconds, 'content-type': 'application/json' })
        .end('{"ok":false,"error":"ratelimited"}');
    } else if (behaviour === 'silent') {
      held.add(outgoing);
      incoming.resume();
    } else {
      pass(new URL(realApiUrl), incoming, outgoing);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}${new URL(realApiUrl).pathname}`,
    behave(next) {
      if (behaviour === 'well' && next !== 'well') since = performance.now();
      behaviour = next;
      if (next !== 'silent') for (const one of held) one.destroy();
    },
    refusedForMs: () => (behaviour === 'well' ? 0 : performance.now() - since),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function pass(real: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const upstream = request(
    {
      host: real.hostname,
      port: real.port,
      path: incoming.url,
      method: incoming.method,
      headers: { ...incoming.headers, host: real.host },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.on('error', () => outgoing.destroy());
  incoming.pipe(upstream);
}
