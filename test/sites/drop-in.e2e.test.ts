/** Settings of the cluster as Environment= lines of a drop-in: they are changed there, and put back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../../src/procedures/backup.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { kitOn } from '../kit/on-host.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { createCrew } from './carry-out.ts';
import type { Crew } from './carry-out.ts';
import { expectCompleted, expectTidy, settingsAt, storedEverywhere } from './looking.ts';

const dropIn = '/etc/systemd/system/etcd.service.d/20-cluster.conf';
const three = 'ETCD_INITIAL_CLUSTER(_STATE|_TOKEN)?=';
const move = `mkdir -p /etc/systemd/system/etcd.service.d
{ echo '[Service]'; grep -E '^${three}' /etc/default/etcd | tr -d '"' | sed 's/.*/Environment="&"/'; } > ${dropIn}
sed -Ei '/^${three}/d' /etc/default/etcd
systemctl daemon-reload; systemctl restart etcd`;

describe('a drop-in with the settings of the cluster', { tags: ['long'] }, () => {
  let lab: Lab;
  let crew: Crew;
  beforeAll(async () => {
    lab = await createLab({ name: 's-drop-in', etcd: '3.5', members: 1 });
    crew = await createCrew(lab);
  });
  afterAll(async () => {
    await crew?.close();
    await lab?.down();
  });

  it('is changed by a restore and put back by its undo', async () => {
    const [host] = lab.hosts;
    if (host === undefined) throw new Error('the lab has no host');
    await host.exec(['sh', '-euc', move]);
    expect(await kitOn(lab).kit()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`settings in ${dropIn} (flags)`) as string,
    });
    await lab.waitHealthy();
    await lab.etcdctl(['put', '/name/1', 'saved']);
    expectCompleted(await crew.carryOut(backup));
    await lab.etcdctl(['put', '/name/1', 'too late']);
    const before = await settingsAt(host, dropIn);

    const restored = await crew.carryOut(restore, { 'while-healthy': true });
    expectCompleted(restored);
    expect(await storedEverywhere(lab, '/name/1')).toEqual(['saved']);
    expect(await settingsAt(host, dropIn)).toMatch(/CLUSTER_STATE=existing"/);
    await expectTidy(lab, restored, [host]);

    expectCompleted(await crew.carryOut(undo, { run: restored.run }));
    expect(await storedEverywhere(lab, '/name/1')).toEqual(['too late']);
    expect(await settingsAt(host, dropIn)).toBe(before);
  });
});
