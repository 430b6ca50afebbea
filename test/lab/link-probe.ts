/** Measures a link of a lab from end to end: `link-probe.ts serve`, and `link-probe.ts fetch ADDRESS MEGABYTES`, each in any network namespace. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface LinkFigures {
  /** The shortest of some: of connecting, which is one round trip. */
  readonly roundTripMs: number;
  readonly mbitPerSecond: number;
}

const port = 7_077;
const connects = 10;
const limitMs = 60_000;
const megabyte = Buffer.alloc(1e6);

/** Sends as many megabytes as a client asks for. Ends with its stdin: with whoever started it. */
function serve(): void {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (asked) => {
      const chunks = Array.from({ length: Number(asked.toString()) }, () => megabyte);
      // Who asked may leave early.
      pipeline(Readable.from(chunks), socket).catch(() => undefined);
    });
  });
  server.listen(port, () => process.stdout.write('ready\n'));
  process.stdin.on('close', () => process.exit()).resume();
}

async function connected(address: string): Promise<{ socket: Socket; tookMs: number }> {
  const startedAt = performance.now();
  const socket = connect(port, address);
  await once(socket, 'connect', { signal: AbortSignal.timeout(limitMs) });
  return { socket, tookMs: performance.now() - startedAt };
}

async function fetchFrom(address: string, megabytes: number): Promise<LinkFigures> {
  let roundTripMs = Infinity;
  for (let attempt = 0; attempt < connects; attempt += 1) {
    const { socket, tookMs } = await connected(address);
    roundTripMs = Math.min(roundTripMs, tookMs);
    socket.destroy();
  }
  const { socket } = await connected(address);
  socket.write(String(megabytes));
  // What the first read brings may have waited: the clock starts behind it.
  await once(socket, 'data', { signal: AbortSignal.timeout(limitMs) });
  const startedAt = performance.now();
  let bytes = 0;
  socket.on('data', (data) => (bytes += data.length));
  await once(socket, 'end', { signal: AbortSignal.timeout(limitMs) });
  return { roundTripMs, mbitPerSecond: (bytes * 8) / 1e3 / (performance.now() - startedAt) };
}

const [, , mode, address = '', megabytes = '1'] = process.argv;
if (mode === 'serve') serve();
else {
  process.stdout.write(JSON.stringify(await fetchFrom(address, Number(megabytes))));
  process.exit();
}
