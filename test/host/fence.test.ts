/** The fence: what is proof and what is not. */
import { describe, expect, it } from 'vitest';
import { fenced } from '../../src/host/fence.ts';
import type { PortLook } from '../../src/host/ports.ts';
import { fakeShell } from './fake-shell.ts';

const masked = 'LoadState=masked\nActiveState=inactive\nMainPID=0\nUnitFileState=masked\nNeedDaemonReload=no\n';

const clientUrl = 'https://192.0.2.1:2379';
const peerUrl = 'https://[2001:db8::1]:2380';
/** Ports as the bot sees them; `refused` when not named. */
const ports =
  (seen: Record<number, PortLook> = {}) =>
  async (_host: string, port: number) =>
    seen[port] ?? 'refused';
const look = (show: string, pids = '') =>
  fakeShell((line) =>
    line.startsWith('systemctl show') ? show : line.includes('pgrep') ? { exitCode: pids === '' ? 1 : 0, stdout: pids } : '',
  );

const fencedWith = async (show: string, pids = '', seen: Record<number, PortLook> = {}) =>
  fenced({ shell: look(show, pids), unit: 'etcd', clientUrl, peerUrl, probe: ports(seen) });

describe('fenced', () => {
  it('holds when the unit is down and masked, no etcd runs, and both ports refuse', async () => {
    expect(await fencedWith(masked)).toEqual({ holds: true });
  });

  it.each([
    ['ActiveState=active', masked.replace('inactive', 'active'), 'etcd is active'],
    ['a main pid', masked.replace('MainPID=0', 'MainPID=7'), 'etcd is inactive'],
    ['no mask', masked.replaceAll('masked', 'loaded'), 'not masked, so something may start it'],
    [
      'a mask that systemd does not know yet',
      masked.replace('LoadState=masked', 'LoadState=loaded'),
      'not masked until systemd is reloaded',
    ],
    ['a mask that ends with a reboot', masked.replace('UnitFileState=masked', 'UnitFileState=masked-runtime'), 'not masked'],
  ])('does not hold with %s', async (_, show, because) => {
    expect(await fencedWith(show)).toEqual({ holds: false, because: expect.stringContaining(because) as string });
  });

  it('does not hold while a process of that name runs', async () => {
    expect(await fencedWith(masked, '41\n42\n')).toMatchObject({ holds: false, because: expect.stringContaining('pid 41, 42') as string });
  });

  it.each<[PortLook, string]>([
    ['open', 'the peer port 2380 is open'],
    ['no-answer', 'the peer port 2380 gives no answer from here, which is no proof'],
    ['unreachable', 'the peer port 2380 cannot be reached from here, which is no proof'],
  ])('does not hold with a port that is %s: only a refusal proves that nothing listens', async (seen, because) => {
    expect(await fencedWith(masked, '', { 2380: seen })).toEqual({ holds: false, because: expect.stringContaining(because) as string });
  });

  it('gives all reasons at once', async () => {
    const finding = await fencedWith(masked.replace('inactive', 'active').replaceAll('masked', 'loaded'), '41\n', {
      2379: 'open',
      2380: 'open',
    });

    expect(finding).toMatchObject({
      holds: false,
      because: expect.stringMatching(
        /active; .*not masked.*; .*pid 41.*; the client port 2379 is open; the peer port 2380 is open/,
      ) as string,
    });
  });
});
