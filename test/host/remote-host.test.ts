/** What a host remembers while it is there, and what it asks anew each time. */
import { expect, it } from 'vitest';
import { createRemoteHost } from '../../src/host/remote-host.ts';
import { MemberName, RunId } from '../../src/ids.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { fakeShell } from './fake-shell.ts';

const run = RunId.parse('restore-prod-7f3a9c');
const dataDir = '/data/etcd/data';
const restoredDir = `${dataDir}.${run}.new`;
const row = (path: string) => `${path}\td\tetcd\tetcd\t700\t1\t2\t4096\0`;
const unitFile = ['[Service]', 'ExecStart=/usr/bin/etcd', 'User=etcd', 'Group=etcd']
  .map((line) => `/lib/systemd/system/etcd.service\0${line}\n`)
  .join('');

/** A host with restored data, as far as these looks need it. */
function hostWith(answer: (line: string) => string | undefined = () => undefined) {
  const shell = fakeShell((line) => {
    const said = answer(line);
    if (said !== undefined) return said;
    if (line.startsWith('systemctl show'))
      return 'LoadState=loaded\nActiveState=active\nMainPID=1\nUnitFileState=enabled\nNeedDaemonReload=no\n';
    if (line.startsWith('grep')) return unitFile;
    if (line.startsWith('sudo find')) return [row('/data/etcd'), row(dataDir), row(restoredDir)].join('');
    if (line === 'etcdctl version') return 'etcdctl version: 3.4.23\n';
    if (line === 'etcdctl snapshot restore --help') return '--data-dir';
    if (line.endsWith('etcd --version')) return 'etcd Version: 3.4.23\n';
    if (line.includes('snapshot status')) return '{"hash":1,"revision":7,"totalKey":3,"totalSize":20}';
    return '';
  });
  const host = createRemoteHost({
    shell,
    member: MemberName.parse('etcd01'),
    address: '192.0.2.1',
    clientUrl: 'https://192.0.2.1:2379',
    peerUrl: 'https://192.0.2.1:2380',
    unit: 'etcd',
    dataDir,
    clock: systemClock,
  });
  return { host, shell };
}

it('looks for the tool that restores once, and at the restored data every time', async () => {
  let revision = 7;
  const { host, shell } = hostWith((line) =>
    line.includes('snapshot status') ? `{"hash":1,"revision":${revision},"totalKey":3,"totalSize":20}` : undefined,
  );
  expect(await host.restored(restoredDir)).toMatchObject({ revision: 7n });
  const before = shell.lines.length;
  revision = 8;

  expect(await host.restored(restoredDir)).toMatchObject({ revision: 8n });

  expect(shell.lines.slice(before)).toEqual([
    expect.stringMatching(/^sudo find /) as string,
    expect.stringMatching(/^sudo -u etcd -g etcd etcdctl snapshot status /) as string,
  ]);
});

it('looks for the tool again when it could not be found', async () => {
  let missing = true;
  const { host } = hostWith((line) => (missing && line === 'etcdctl version' ? '' : undefined));
  await expect(host.restored(restoredDir)).rejects.toMatchObject({ code: 'HOST_TOOL_MISSING' });
  missing = false;

  expect(await host.restored(restoredDir)).toMatchObject({ revision: 7n });
});

it('says which of several paths lie there with one look', async () => {
  const { host, shell } = hostWith();

  expect(await host.existing([dataDir, restoredDir, `${dataDir}.${run}.old`])).toEqual(new Set([dataDir, restoredDir]));
  expect(shell.lines).toHaveLength(1);
});
