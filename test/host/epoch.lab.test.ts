/** The fence on real hosts: what a worker that lost its run is not let do, by the hosts' own record. */
import { afterEach, expect, it } from 'vitest';
import type { Tenure } from '../../src/engine/tenure.ts';
import { waitUntil } from '../lab/wait.ts';
import { approve, firstOf, openHosts, tenure, useHost } from './lab-hosts.ts';
import type { LabHosts } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const inTimeMs = 20_000;
const records = '/var/lib/etcd-medic-host';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`epoch-${etcd.replace('.', '')}`, etcd);
  const opened: LabHosts[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((open) => open.close()));
    await h.sh(`rm -rf ${records}/*; pkill -CONT -x etcd || true`);
  });

  /** The host as a worker with this epoch has it. */
  const worker = (epoch: number, more: Partial<Tenure> = {}) => {
    const open = openHosts(h.lab, { tenure: { ...tenure, epoch, ...more } });
    opened.push(open);
    return { host: firstOf(open), open };
  };
  const onRecord = () => h.sh(`cat ${records}/etcd/runs/${tenure.runId}/epoch 2>/dev/null || echo none`);

  it('carries out not one operation of a worker after a newer one was there', async () => {
    const [older, newer] = [worker(1), worker(2)];
    await older.host.do({ act: 'restart' });
    const approval = await approve([older.host], [{ act: 'fence' }]);
    await newer.host.do({ act: 'restart' });
    const before = await h.log();

    await expect(older.host.destroy({ act: 'fence' }, approval)).rejects.toMatchObject({
      code: 'HOST_FENCED',
      message: expect.stringMatching(/newer worker has this run \(it stands at epoch 2 here, this worker holds 1\)/) as string,
    });

    expect(await h.log()).toEqual(before);
    expect(older.open.changes().filter((line) => line.includes('mask'))).toEqual([]);
    expect((await newer.host.unit()).masked).toBe(false);
  });

  it.each(['lives', 'was closed'])(
    'lets a newer worker begin only when the operation in flight has ended, whose channel %s',
    async (channel) => {
      const [older, newer] = [worker(1), worker(2)];
      // A signal that etcd does not hear would not do: systemd sends SIGCONT behind its SIGTERM (systemd.kill(5)).
      await h.sh(
        `rm -f /run/may-stop; mkdir -p /run/systemd/system/etcd.service.d
printf '[Service]\\nExecStop=/bin/sh -c "until [ -e /run/may-stop ]; do sleep 0.1; done"\\n' > /run/systemd/system/etcd.service.d/slow.conf
systemctl daemon-reload`,
      );
      // The record has the other test's, too.
      const before = (await h.log()).length;
      const stopping = older.host.do({ act: 'stop' }).then(
        () => 'stopped',
        () => 'cut',
      );
      await waitUntil(async () => (await h.log()).slice(before).some((line) => line === 'systemctl stop etcd.service'), {
        for: 'the stop',
        withinMs: inTimeMs,
      });
      if (channel === 'was closed') await older.open.close();
      let begun = false;
      const starting = newer.host.do({ act: 'unmask-start' }).finally(() => {
        begun = true;
      });
      await waitUntil(async () => (await onRecord()) === '2', { for: 'the newer epoch on record', withinMs: inTimeMs });

      expect(begun).toBe(false);
      expect((await h.log()).at(-1)).toBe('systemctl stop etcd.service');
      await h.sh('touch /run/may-stop');

      await starting;
      expect(await stopping).toBe(channel === 'lives' ? 'stopped' : 'cut');
      expect((await h.log()).at(-1)).toBe('systemctl start --no-block etcd.service');
      await h.sh('rm /run/systemd/system/etcd.service.d/slow.conf; systemctl daemon-reload');
    },
  );

  it('is changed by nobody whom Redis does not permit it, and is not even asked', async () => {
    const { host, open } = worker(1, { permit: () => Promise.reject(new Error('taken over')) });
    const before = await h.log();

    await expect(host.do({ act: 'restart' })).rejects.toThrow('taken over');

    expect(await h.log()).toEqual(before);
    expect(open.changes()).toEqual([]);
    expect(await onRecord()).toBe('none');
  });

  it.each([
    ['is read-only', `mount -t tmpfs -o ro none ${records}`],
    ['is full', `mount -t tmpfs -o size=4k,nr_inodes=3,mode=700 none ${records}`],
  ])('whose place for records %s is left as it is, and says so', async (_, script) => {
    const { host } = worker(1);
    await host.unit();
    await h.sh(`mkdir -p ${records}; ${script}`);
    const before = await h.log();

    const failure: unknown = await host.do({ act: 'restart' }).catch((error: unknown) => error);
    await h.sh(`umount ${records}`);

    expect(failure).toMatchObject({ code: 'HOST_EPOCH_FAILED' });
    expect(await h.log()).toEqual(before);
  });
});
