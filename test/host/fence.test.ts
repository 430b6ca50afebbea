/** The fence: what is proof and what is not. */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fenced } from '../../src/host/fence.ts';
import { fakeShell } from './fake-shell.ts';

const masked = 'LoadState=masked\nActiveState=inactive\nMainPID=0\nUnitFileState=masked\nNeedDaemonReload=no\n';

let open: Server;
let openUrl: string;
let closedUrl: string;
beforeEach(async () => {
  open = createServer();
  const closed = createServer();
  const [openPort, closedPort] = await Promise.all(
    [open, closed].map(
      async (server) =>
        new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))),
    ),
  );
  await new Promise((resolve) => closed.close(resolve));
  openUrl = `https://127.0.0.1:${openPort}`;
  closedUrl = `https://127.0.0.1:${closedPort}`;
});
afterEach(() => open.close());

const look = (show: string, pids = '') =>
  fakeShell((line) =>
    line.startsWith('systemctl show') ? show : line.includes('pgrep') ? { exitCode: pids === '' ? 1 : 0, stdout: pids } : '',
  );

describe('fenced', () => {
  it('holds when the unit is down and masked, no etcd runs, and both ports refuse', async () => {
    expect(await fenced({ shell: look(masked), unit: 'etcd', clientUrl: closedUrl, peerUrl: closedUrl })).toEqual({ holds: true });
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
    expect(await fenced({ shell: look(show), unit: 'etcd', clientUrl: closedUrl, peerUrl: closedUrl })).toEqual({
      holds: false,
      because: expect.stringContaining(because) as string,
    });
  });

  it('does not hold while a process of that name runs', async () => {
    expect(await fenced({ shell: look(masked, '41\n42\n'), unit: 'etcd', clientUrl: closedUrl, peerUrl: closedUrl })).toMatchObject({
      because: expect.stringContaining('pid 41, 42') as string,
    });
  });

  it('does not hold while a port is open', async () => {
    expect(await fenced({ shell: look(masked), unit: 'etcd', clientUrl: closedUrl, peerUrl: openUrl })).toMatchObject({
      because: expect.stringContaining('the peer port') as string,
    });
  });

  it('gives all reasons at once', async () => {
    const finding = await fenced({
      shell: look(masked.replace('inactive', 'active').replaceAll('masked', 'loaded'), '41\n'),
      unit: 'etcd',
      clientUrl: openUrl,
      peerUrl: openUrl,
    });

    expect(finding).toMatchObject({
      holds: false,
      because: expect.stringMatching(/active; .*not masked.*; .*pid 41.*; the client port .* is open; the peer port .* is open/) as string,
    });
  });
});
