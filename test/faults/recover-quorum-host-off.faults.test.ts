/** A host that is off: nothing is rebuilt before approvers attest that, then without it, and it is brought in afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickWay } from '../demo/stories/recover-quorum.ts';
import { clickCard, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

describe('recover-quorum with a host that is off', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'rq-off' });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('waits for an approver’s attestation, rebuilds with two members, and the third is brought in by replace-member', async () => {
    const { lab } = stage;
    await lab.etcdctl(['put', '/name/1', 'in no backup']);
    await Promise.all([lab.host('etcd02').fault('lose-data'), lab.host('etcd03').fault('power-off')]);
    const run = await startRun(stage, 'recover-quorum demo');
    await clickWay(stage, await waitForGate(stage, run, 'choose-way'), 'survivor');

    const attestation = await waitForGate(stage, run, 'hosts-off');
    const dataBefore = (await lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).stdout;
    await clickCard(stage, attestation, 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
    const view = await waitForEnd(stage, run);

    expect(attestation.attests).toContain('etcd03 is switched off');
    expect(dataBefore).toBe('active');
    expect(view.conclusion).toContain('`replace-member demo etcd03` brings it in');
    const members = await lab.etcdctl(['member', 'list'], { endpoints: [lab.host('etcd01').clientUrl] });
    expect(members.stdout.trim().split('\n')).toHaveLength(2);
    const value = await lab.etcdctl(['get', '/name/1', '--print-value-only'], { endpoints: [lab.host('etcd02').clientUrl] });
    expect(value.stdout).toBe('in no backup');

    await lab.host('etcd03').fault('power-on');
    const replacement = await startRun(stage, 'replace-member demo etcd03');
    await clickCard(stage, await waitForGate(stage, replacement, 'put-data-aside'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, replacement, 'delete-old-data'), 'reject', people.bob);
    expect(await waitForEnd(stage, replacement)).toMatchObject({ outcome: 'completed' });
    const third = await lab.etcdctl(['get', '/name/1', '--print-value-only', '--consistency=s'], {
      endpoints: [lab.host('etcd03').clientUrl],
    });
    expect(third.stdout).toBe('in no backup');
  });
});
