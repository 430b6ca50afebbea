/** Stands between the bot and Slack's Web API, and behaves badly when told to. */
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';

/**
 * `limited`: 429 to everything; `failing`: 500 to everything; `silent`: takes the request and never answers; `cut`: every connection is
 * broken and none is taken, those for events too; `refusing`: knows no token any more, and breaks the connections for events.
 */
export type Behaviour = 'well' | 'limited' | 'failing' | 'silent' | 'cut' | 'refusing';

/** The way to Slack with a fault in it: the Web API, and the socket on which events come. */
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
  const sockets = await startSocketWay(new URL(realApiUrl), () => behaviour === 'cut' || behaviour === 'refusing');
  const server = createServer((incoming, outgoing) => {
    if (behaviour === 'cut') {
      incoming.destroy();
    } else if (behaviour === 'refusing') {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":false,"error":"invalid_auth"}');
    } else if (behaviour === 'failing') {
      outgoing.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
    } else if (behaviour === 'limited') {
      outgoing
        .writeHead(429, { 'retry-after': retryAfterSeconds, 'content-type': 'application/json' })
        .end('{"ok":false,"error":"ratelimited"}');
    } else if (behaviour === 'silent') {
      held.add(outgoing);
      incoming.resume();
    } else {
      pass(new URL(realApiUrl), incoming, outgoing, sockets.port);
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
      if (next === 'cut') {
        server.closeAllConnections();
        sockets.cut();
      }
      if (next === 'refusing') sockets.cut();
    },
    refusedForMs: () => (behaviour === 'well' ? 0 : performance.now() - since),
    stop: async () => {
      await sockets.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The way of the socket, byte by byte. */
async function startSocketWay(real: URL, isCut: () => boolean) {
  const open = new Set<Socket>();
  const server = createTcpServer((incoming) => {
    if (isCut()) return void incoming.destroy();
    const upstream = connect({ host: real.hostname, port: Number(real.port) });
    for (const [one, other] of [
      [incoming, upstream],
      [upstream, incoming],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stop: () => {
      cut();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Leads the socket through here: its address is in the answer to this call. https://docs.slack.dev/reference/methods/apps.connections.open */
async function leadSocket(answer: IncomingMessage, outgoing: ServerResponse, port: number): Promise<void> {
  const said = JSON.parse(await text(answer)) as { url?: string };
  if (said.url !== undefined) {
    const url = new URL(said.url);
    url.hostname = '127.0.0.1';
    url.port = String(port);
    said.url = url.href;
  }
  outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' }).end(JSON.stringify(said));
}

function pass(real: URL, incoming: IncomingMessage, outgoing: ServerResponse, socketPort: number): void {
  const upstream = request(
    {
      host: real.hostname,
      port: real.port,
      path: incoming.url,
      method: incoming.method,
      headers: { ...incoming.headers, host: real.host, 'accept-encoding': 'identity' },
    },
    (answer) => {
      if (incoming.url?.endsWith('apps.connections.open') === true)
        return void leadSocket(answer, outgoing, socketPort).catch(() => outgoing.destroy());
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.on('error', () => outgoing.destroy());
  incoming.pipe(upstream);
}
