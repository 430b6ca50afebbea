/** Serves local-slack's page with a script that draws what the page leaves out (rich text, dates, groups), so that a person sees what Slack shows. */
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const host = '127.0.0.1';
const script = readFileSync(new URL('page-script.js', import.meta.url), 'utf8');

/** The page on its own port. */
export interface Page {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the page in front of a local-slack that listens on `upstreamPort`. */
export async function startPage(upstreamPort: number, port = 0): Promise<Page> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => forward(upstreamPort, incoming, outgoing));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket: Socket, head) => {
    const upstream = connect(upstreamPort, 'localhost', () => {
      const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}`);
      upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.once('close', () => upstream.destroy());
  });
  // The wished port may be taken; any other will do, since the address is said.
  await listen(server, port).catch(() => listen(server, 0));
  const address = server.address();
  const listening = address !== null && typeof address === 'object' ? address.port : port;
  return {
    url: `http://${host}:${listening}/`,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function forward(upstreamPort: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
  const upstream = request({ host: 'localhost', port: upstreamPort, path: incoming.url, method: incoming.method, headers }, (answer) => {
    if (!String(answer.headers['content-type']).includes('text/html')) {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    let html = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (html += chunk));
    answer.on('end', () => {
      outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'text/html; charset=utf-8' });
      outgoing.end(html.replace('<head>', () => `<head><script>${script}</script>`));
    });
  });
  upstream.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(upstream);
}
