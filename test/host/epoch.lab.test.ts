/** The fence on real hosts, over ssh and with sudo: what a worker that lost its run is not let do, by the hosts' own log. */
import { afterEach, expect, it } from 'vitest';
import type { Tenure } from '../../src/engine/tenure.ts';
import { waitUntil } from '../lab/wait.ts';
import { approval, firstOf, openHosts, tenure, useHost } from './lab-hosts.ts';
import type { LabHosts } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const inTimeMs = 20_000;

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`epoch-${etcd.replace('.', '')}`, etcd);
  const opened: LabHosts[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((open) => open.close()));
    await h.sh('rm -rf /home/etcdops/.etcd-medic; pkill -CONT -x etcd || true');
  });

  /** The host as a worker with this epoch has it. */
  const worker = (epoch: number, more: Partial<Tenure> = {}) => {
    const open = openHosts(h.lab, { tenure: { ...tenure, epoch, ...more } });
    opened.push(open);
    return { host: firstOf(open), open };
  };
  /** What sudo was asked to do so far. */
  const sudoLog = async () =>
    [...(await h.sh('journalctl --sync; journalctl --quiet --output=cat --identifier=sudo')).matchAll(/COMMAND=(.*)/g)].map(
      ([, command = '']) => command,
    );
  const changing = async () => (await sudoLog()).filter((line) => !/\/(?:find|df|du|pgrep|cat|sha256sum|stat) /.test(line));
  const onRecord = () => h.sh(`cat /home/etcdops/.etcd-medic/${tenure.runId}/epoch 2>/dev/null || echo none`);

  it('carries out not one command of a worker after a newer one was there', async () => {
    const [older, newer] = [worker(1), worker(2)];
    await older.host.restart();
    await newer.host.restart();
    const before = await changing();

    await expect(older.host.stopAndMask(approval)).rejects.toMatchObject({
      code: 'HOST_FENCED',
      message: expect.stringMatching(/systemctl mask etcd` was not run on etcd01 .*epoch 2 there, this worker holds 1/),
    });

    expect(await changing()).toEqual(before);
    expect(older.open.changes().filter((line) => line.includes('mask'))).toEqual([]);
    expect((await newer.host.unit()).masked).toBe(false);
  });

  it.each(['lives', 'was killed'])('lets a newer worker begin only when the command in flight has ended, whose shell %s', async (shell) => {
    const [older, newer] = [worker(1), worker(2)];
    // A signal that etcd does not hear would not do: systemd sends SIGCONT behind its SIGTERM (systemd.kill(5)).
    await h.sh(
      `rm -f /run/may-stop; mkdir -p /run/systemd/system/etcd.service.d
printf '[Service]\\nExecStop=/bin/sh -c "until [ -e /run/may-stop ]; do sleep 0.1; done"\\n' > /run/systemd/system/etcd.service.d/slow.conf
systemctl daemon-reload`,
    );
    // The log has the other test's, too.
    const before = (await changing()).length;
    const stopping = older.host.stop().then(
      () => 'stopped',
      // The look behind the stop may see what the newer worker started already.
      (error: unknown) => (/was stopped, but is/.test(String(error)) ? 'stopped' : 'cut'),
    );
    await waitUntil(async () => (await changing()).slice(before).some((line) => line.endsWith('systemctl stop etcd')), {
      for: 'the stop',
      withinMs: inTimeMs,
    });
    // By its name: pkill(1) sees only the beginning of a long command line.
    if (shell === 'was killed') await h.sh('pkill -KILL -u etcdops -x sh');
    let begun = false;
    const starting = newer.host.unmaskAndStart().finally(() => {
      begun = true;
    });
    await waitUntil(async () => (await onRecord()) === '2', { for: 'the newer epoch on record', withinMs: inTimeMs });

    expect(begun).toBe(false);
    expect((await changing()).at(-1)).toMatch(/systemctl stop etcd$/);
    await h.sh('touch /run/may-stop');

    await starting;
    expect(await stopping).toBe(shell === 'lives' ? 'stopped' : 'cut');
    expect((await changing()).at(-1)).toMatch(/systemctl start --no-block etcd$/);
    await h.sh('rm /run/systemd/system/etcd.service.d/slow.conf; systemctl daemon-reload');
  });

  it('is changed by nobody whom Redis does not permit it, and is not even asked', async () => {
    const { host, open } = worker(1, { permit: () => Promise.reject(new Error('taken over')) });
    const before = await changing();

    await expect(host.restart()).rejects.toThrow('taken over');

    expect(await changing()).toEqual(before);
    expect(open.changes()).toEqual([]);
    expect(await onRecord()).toBe('none');
  });

  it('whose ssh user cannot write into its home is left as it is, and says so', async () => {
    const { host } = worker(1);
    await host.unit();
    await h.sh('chown root:root /home/etcdops');
    const before = await changing();

    const failure: unknown = await host.restart().catch((error: unknown) => error);
    await h.sh('chown etcdops:etcdops /home/etcdops');

    expect(failure).toMatchObject({ code: 'HOST_EPOCH_FAILED', message: expect.stringContaining('Permission denied') });
    expect(await changing()).toEqual(before);
  });

  it('whose home is full is left as it is, and says so', async () => {
    const { host } = worker(1);
    await host.unit();
    await h.sh('mount -t tmpfs -o size=4k,nr_inodes=3,uid=$(id -u etcdops),mode=755 full /home/etcdops');
    const before = await changing();

    const failure: unknown = await host.restart().catch((error: unknown) => error);
    await h.sh('umount /home/etcdops');

    expect(failure).toMatchObject({ code: 'HOST_EPOCH_FAILED', message: expect.stringContaining('No space left') });
    expect(await changing()).toEqual(before);
  });
});
