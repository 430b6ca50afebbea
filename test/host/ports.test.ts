/** A look at a TCP port. */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtPort, portsOf } from '../../src/host/ports.ts';

const timeoutMs = 2_000;

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer();
  port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
});
afterEach(() => server.close());

describe('lookAtPort', () => {
  it('sees a port that is open', async () => {
    expect(await lookAtPort('127.0.0.1', port, timeoutMs)).toBe('open');
  });

  it('sees a port that refuses', async () => {
    await new Promise((resolve) => server.close(resolve));

    expect(await lookAtPort('127.0.0.1', port, timeoutMs)).toBe('refused');
  });

  it('does not take an address that cannot be reached for a port that refuses', async () => {
    expect(await lookAtPort('255.255.255.255', port, timeoutMs)).toBe('unreachable');
  });
});

describe('portsOf', () => {
  it('looks at the configured address where a name is known to the hosts alone', async () => {
    const asked: string[] = [];
    const look = portsOf('192.0.2.1', async (host) => {
      asked.push(host);
      return 'open';
    });

    await look('127.0.0.1', port, timeoutMs);
    await look('etcd01.etcd.invalid', port, timeoutMs);

    expect(asked).toEqual(['127.0.0.1', '192.0.2.1']);
  });
});
