/** The fence: what is proof and what is not. */
import { describe, expect, it } from 'vitest';
import { fenced } from '../../src/host/fence.ts';
import type { PortLook } from '../../src/host/ports.ts';

const masked = { active: 'inactive', masked: true, masked_on_disk: true, needs_reload: false, main_pid: 0 };

/** @param seen ports as the bot sees them; `refused` when not named */
const fencedWith = async (state: Partial<typeof masked> = {}, processes: readonly number[] = [], seen: Record<number, PortLook> = {}) =>
  await fenced({
    where: 'etcd01 (192.0.2.1)',
    unit: 'etcd',
    clientUrl: 'https://192.0.2.1:2379',
    peerUrl: 'https://[2001:db8::1]:2380',
    probe: async (_host, port) => seen[port] ?? 'refused',
    look: async () => ({ state: { ...masked, ...state }, processes: [...processes] }),
  });

describe('fenced', () => {
  it('holds when the unit is down and masked, no etcd runs, and both ports refuse', async () => {
    expect(await fencedWith()).toEqual({ holds: true });
    expect(await fencedWith({ active: 'failed' })).toEqual({ holds: true });
  });

  it.each<[string, Partial<typeof masked>, string]>([
    ['a unit that is active', { active: 'active' }, 'etcd is active'],
    ['a unit that is about to stop', { active: 'deactivating' }, 'etcd is deactivating'],
    ['a main pid', { main_pid: 7 }, 'etcd is inactive'],
    ['no mask', { masked: false, masked_on_disk: false }, 'not masked, so something may start it'],
    ['a mask that systemd does not know yet', { masked: false }, 'not masked until systemd is reloaded'],
    ['a mask that ends with a reboot', { masked_on_disk: false }, 'not masked'],
  ])('does not hold with %s', async (_, state, because) => {
    expect(await fencedWith(state)).toEqual({ holds: false, because: expect.stringContaining(because) as string });
  });

  it('does not hold while a process of this etcd runs', async () => {
    expect(await fencedWith({}, [41, 42])).toMatchObject({ holds: false, because: expect.stringContaining('pid 41, 42') as string });
  });

  it.each<[PortLook, string]>([
    ['open', 'the peer port 2380 is open'],
    ['no-answer', 'the peer port 2380 gives no answer from here, which is no proof'],
    ['unreachable', 'the peer port 2380 cannot be reached from here, which is no proof'],
  ])('does not hold with a port that is %s: only a refusal proves that nothing listens', async (seen, because) => {
    expect(await fencedWith({}, [], { 2380: seen })).toEqual({ holds: false, because: expect.stringContaining(because) as string });
  });

  it('gives all reasons at once', async () => {
    const finding = await fencedWith({ active: 'active', masked: false, masked_on_disk: false }, [41], { 2379: 'open', 2380: 'open' });

    expect(finding).toMatchObject({
      holds: false,
      because: expect.stringMatching(
        /active; .*not masked.*; .*pid 41.*; the client port 2379 is open; the peer port 2380 is open/,
      ) as string,
    });
  });
});
