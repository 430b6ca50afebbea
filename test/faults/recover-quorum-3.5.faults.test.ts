/** Bringing back a cluster that has lost its quorum, on etcd 3.5, with its own tool and with authentication on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickWay, playRecoverQuorum } from '../demo/stories/recover-quorum.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'rq-35', etcd: '3.5' });
  await stage.start();
});
afterAll(() => stage.down());
beforeEach(async () => {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
});

describe('recover-quorum of three members on etcd 3.5', () => {
  it('rebuilds from the survivor that a person picks, and revisions go on above the highest one known', async () => {
    const came = await playRecoverQuorum(stage, () => undefined);

    const { stdout } = await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json']);
    const revisions = (JSON.parse(stdout) as { Status: { header: { revision: number } } }[]).map(({ Status }) => Status.header.revision);
    expect(came).toBe(true);
    expect(Math.min(...revisions)).toBeGreaterThan(1_000_000);
  });

  it('starts what is whole when all three are stopped', async () => {
    await stage.lab.etcdctl(['put', '/name/2', 'in no backup']);
    await Promise.all(stage.lab.hosts.map((host) => host.fault('stop-etcd')));
    const run = await startRun(stage, 'recover-quorum demo');

    await clickWay(stage, await waitForGate(stage, run, 'choose-way'), 'start');

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/2')).toBe('in no backup');
  });

  it('copies the database of a survivor that is stopped', async () => {
    await stage.lab.etcdctl(['put', '/name/2', 'in no backup']);
    await Promise.all(['etcd02', 'etcd03'].map((host) => stage.lab.host(host).fault('lose-data')));
    await stage.lab.host('etcd01').fault('stop-etcd');
    const run = await startRun(stage, 'recover-quorum demo --source survivor');

    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/2')).toBe('in no backup');
  });

  it('finds a certificate that does not cover its host before anything is touched', async () => {
    const { lab } = stage;
    await Promise.all(['etcd02', 'etcd03'].map((host) => lab.host(host).fault('lose-data')));
    const { stdout: wrong } = await lab.host('etcd03').exec(['cat', '/etc/etcd/pki/server.pem']);
    await lab.host('etcd02').exec(['dd', 'of=/etc/etcd/pki/server.pem', 'status=none'], { input: wrong });
    const run = await startRun(stage, 'recover-quorum demo --source survivor');

    const gate = await waitForGate(stage, run, 'preflight');

    expect(gate).toMatchObject({
      kind: 'failure',
      reason: expect.stringContaining(`does not cover ${lab.host('etcd02').address}`) as string,
    });
    expect((await lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).stdout).toBe('active');
    expect((await lab.host('etcd02').exec(['sh', '-c', 'ls -A /data/etcd'])).stdout).toBe('');
  });
});
