/** Stopping etcd for good, against everything that revives a unit. */
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../lab/wait.ts';
import { useHost } from './lab-hosts.ts';
import type { UsedHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const own = '/etc/systemd/system/etcd.service';
const aside = `${own}.masked-by-etcd-medic`;

/** An administrator's own unit file, that restarts always. */
const ownUnit = async (h: UsedHost) =>
  h.sh(
    `sed -e 's/^Restart=.*/Restart=always\\nRestartSec=100ms/' /lib/systemd/system/etcd.service > ${own}; systemctl daemon-reload; systemctl restart etcd`,
  );
const restartAlways = async (h: UsedHost) =>
  h.sh(
    `mkdir -p /etc/systemd/system/etcd.service.d; printf '[Service]\\nRestart=always\\nRestartSec=100ms\\n' > /etc/systemd/system/etcd.service.d/restart.conf; systemctl daemon-reload`,
  );
const startAnyway = async (h: UsedHost) =>
  (
    await h.lab
      .host(h.host.member)
      .exec(['sh', '-c', 'systemctl start etcd; systemctl start etcd2; systemctl restart etcd; systemctl is-active etcd'], {
        reject: false,
      })
  ).stdout;
/** Its unit once it is active: etcd serves before systemd has taken note that it is ready. */
const activeUnit = async (h: UsedHost) =>
  waitUntil(
    async () => {
      const unit = await h.host.unit();
      return unit.activeState === 'active' && unit;
    },
    { for: 'etcd to be active', withinMs: 30_000 },
  );

describeOnEach('a unit under the systemd of the release of etcd %s', (etcd) => {
  const h = useHost(`unit-${etcd.replace('.', '')}`, etcd);

  it.each([
    ['a packaged unit', restartAlways],
    ['an administrator’s own unit file', ownUnit],
  ])('cannot be revived once it is fenced: %s', async (_, prepare) => {
    await prepare(h);

    await h.destroy({ act: 'fence' });
    await h.destroy({ act: 'fence' });

    expect(await h.host.fenced()).toEqual({ holds: true });
    expect((await startAnyway(h)).trim()).not.toBe('active');
    await h.sh('systemctl daemon-reload');
    expect(await h.host.fenced()).toEqual({ holds: true });
    expect(await h.host.unit()).toMatchObject({ masked: true, user: 'etcd', group: 'etcd' });
  });

  for (const { what, prepare, tags } of [
    { what: 'a packaged unit', prepare: restartAlways, tags: ['long'] },
    { what: 'an administrator’s own unit file', prepare: ownUnit, tags: [] },
  ] as const)
    it(`stays down through a reboot, and starts again when it is let: ${what}`, { tags: [...tags] }, async () => {
      await prepare(h);
      const before = await h.sh(`cat ${own} 2>/dev/null || true`);
      await h.destroy({ act: 'fence' });

      await h.lab.host(h.host.member).fault('power-off');
      await h.lab.host(h.host.member).fault('power-on');
      expect(await h.host.fenced()).toEqual({ holds: true });
      await h.host.do({ act: 'unmask-start' });
      await h.host.do({ act: 'unmask-start' });

      await h.lab.waitHealthy(30_000);
      expect(await h.sh(`cat ${own} 2>/dev/null || true`)).toBe(before);
      expect(await h.sh(`ls /etc/systemd/system | grep masked-by || true`)).toBe('');
      expect(await activeUnit(h)).toMatchObject({ masked: false });
    });
});

describe('a unit that is stopped and started in parts', () => {
  const h = useHost('unit-parts', '3.4');

  it('is revived by Restart=always when it is only killed, so the fence does not hold', async () => {
    await restartAlways(h);
    const { mainPid } = await h.host.unit();

    await h.lab.host(h.host.member).fault('kill-etcd');

    await waitUntil(async () => (await h.host.unit()).mainPid !== mainPid, { for: 'systemd to start it again', withinMs: 10_000 });
    expect(await h.host.fenced()).toMatchObject({ holds: false });
  });

  it('is not fenced while it is only stopped, or only masked', async () => {
    await h.sh('systemctl stop etcd');
    expect(await h.host.fenced()).toEqual({ holds: false, because: expect.stringMatching(/etcd is not masked/) as string });

    await h.sh('systemctl start etcd; systemctl mask etcd');
    expect(await h.host.fenced()).toEqual({
      holds: false,
      because: expect.stringMatching(/etcd is active; an etcd process runs/) as string,
    });
    await h.sh('systemctl unmask etcd');
  });

  it.each([
    ['the unit file was copied', `cp -aT ${own} ${aside}`],
    ['the link stands, systemd not reloaded', `cp -aT ${own} ${aside}; ln -sfT /dev/null ${own}`],
    ['masked, not stopped', `cp -aT ${own} ${aside}; ln -sfT /dev/null ${own}; systemctl daemon-reload`],
  ])('is not fenced when fencing was cut after %s, and a repeat completes it', async (_, script) => {
    await ownUnit(h);
    await h.sh(script);
    expect(await h.host.fenced()).toMatchObject({ holds: false });

    await h.destroy({ act: 'fence' });

    expect(await h.host.fenced()).toEqual({ holds: true });
    await h.host.do({ act: 'unmask-start' });
    await h.lab.waitHealthy(30_000);
  });

  it.each([
    ['the unit file is back, systemd not reloaded', `mv -T ${aside} ${own}`],
    ['reloaded, not started', `mv -T ${aside} ${own}; systemctl daemon-reload`],
  ])('starts when starting was cut after %s', async (_, script) => {
    await ownUnit(h);
    await h.destroy({ act: 'fence' });
    await h.sh(script);

    await h.host.do({ act: 'unmask-start' });

    await h.lab.waitHealthy(30_000);
    expect(await activeUnit(h)).toMatchObject({ masked: false });
  });

  it('does not take a mask that a reboot undoes for a fence', async () => {
    await h.sh('systemctl mask --runtime etcd; systemctl stop etcd');
    expect(await h.host.fenced()).toMatchObject({ holds: false });

    await h.destroy({ act: 'fence' });

    expect(await h.host.fenced()).toEqual({ holds: true });
    await h.sh('systemctl unmask --runtime etcd');
  });

  it('starts a unit that hit its start limit', async () => {
    await h.sh(
      `systemctl stop etcd; echo ETCD_HEARTBEAT_INTERVAL=never >> /etc/default/etcd; for i in 1 2 3 4 5 6 7; do systemctl start etcd || true; done; systemctl is-failed etcd`,
    );
    await h.sh(`sed -i /HEARTBEAT/d /etc/default/etcd`);

    await h.host.do({ act: 'unmask-start' });

    await h.lab.waitHealthy(30_000);
    expect(await activeUnit(h)).toMatchObject({ masked: false });
  });

  it('shows in its plans what it will do to an administrator’s own unit file', async () => {
    await ownUnit(h);
    const plan = await h.host.plan([{ act: 'fence' }, { act: 'unmask-start' }]);
    const planned = plan.flat().map(({ argv }) => argv.join(' '));

    await h.destroy({ act: 'fence' });
    await h.host.do({ act: 'unmask-start' });

    expect(h.open.changes()).toEqual(planned);
  });
});
