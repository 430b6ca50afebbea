import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { within } from '../../src/engine/within.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { fakeClock } from '../fakes/clock.ts';

const never = new Promise<never>(() => undefined);

describe('within', () => {
  it('gives what the work gives in time, and lets go of its timer', async () => {
    expect(await within(systemClock, 60_000, Promise.resolve('done'), () => 'late')).toBe('done');
  });

  it('gives the other thing when time runs out', async () => {
    expect(await within(fakeClock(), 2_000, never, () => 'late')).toBe('late');
  });

  it('lets a failure through', async () => {
    await expect(within(systemClock, 60_000, Promise.reject(new Error('no')), () => 'late')).rejects.toThrow('no');
  });

  it('hears an answer that came while this process stood still, however long that was', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('?');
    const answer = once(socket, 'data').then(String);

    const waiting = within(systemClock, 500, answer, () => 'late');
    const until = Date.now() + 1_000;
    while (Date.now() < until);

    expect(await waiting).toBe('?');
    socket.destroy();
    server.close();
  });
});
