/** Every request that changes a cluster is asked for first: without a permit none is sent, and none is recorded as done. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../src/engine/approval.ts';
import { OpsError } from '../../src/errors.ts';
import { MemberId } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { labEtcd, memberNames } from './lab-etcd.ts';

const upWithinMs = 300_000;
const approval = {} as Approval;
const learnerUrl = 'https://198.51.100.250:2380';

describe('a cluster, for a worker that lost its run', () => {
  let lab: Lab;
  beforeAll(async () => {
    // 3.4 serves API 2 as well.
    lab = await createLab({ name: 'permit', etcd: '3.4', members: 3 });
  }, upWithinMs);
  afterAll(async () => await lab?.down());

  const raftAndMembers = async () => {
    // 3.4 lists the members as the one that is asked knows them, and one may lag.
    await lab.waitHealthy();
    const { stdout: members } = await lab.etcdctl(['member', 'list', '-w', 'json']);
    const { stdout: keys } = await lab.etcdctl(['get', '', '--prefix', '--rev=0', '-w', 'json']);
    const { header: _of, ...listed } = JSON.parse(members) as { header: unknown };
    return { listed, revision: (JSON.parse(keys) as { header: { revision: number } }).header.revision };
  };

  it('does nothing of all that changes something, and is still looked at', async () => {
    const owner = labEtcd(lab);
    await owner.put('/name/1', 'test');
    await owner.put('/name/1', 'again');
    const { memberId: learner } = await owner.addLearner([learnerUrl]);
    const follower = async () =>
      (await owner.look()).endpoints.flatMap((one) =>
        one.answers && one.status.leader !== one.status.memberId ? [one.status.memberId] : [],
      )[0] ?? MemberId.parse('1');
    const before = await raftAndMembers();
    let asked = 0;
    const refuse = () => {
      asked += 1;
      return Promise.reject(new OpsError('RUN_TAKEN_OVER', 'another worker has it'));
    };
    const zombie = labEtcd(lab, { permit: refuse });
    const among = zombie.among(memberNames);

    const acts: readonly (() => Promise<unknown>)[] = [
      () => zombie.put('/name/1', 'zombie'),
      () => zombie.delete('/name/1'),
      () => zombie.addLearner(['https://198.51.100.251:2380']),
      () => zombie.promote(learner),
      () => zombie.removeMember(learner, approval),
      () => zombie.updatePeerUrls(learner, ['https://198.51.100.252:2380']),
      // Looked for only now: nothing is asked of one that leads already.
      async () => await zombie.moveLeader(await follower()),
      () => zombie.compact(2n, approval),
      () => zombie.defragment(memberNames[0]),
      () => zombie.disarmNospace(learner),
      () => zombie.disarmCorrupt(learner, approval),
      () => zombie.v2.put('/name/1', 'zombie'),
      () => among.put('/name/1', 'zombie'),
      () => among.removeMember(learner, approval),
    ];
    for (const act of acts) await expect(act(), act.toString()).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' });

    expect(asked).toBe(acts.length);
    expect(zombie.recorded).toEqual([]);
    expect(await raftAndMembers()).toEqual(before);
    expect(await zombie.v2.get('/name/1')).toBeUndefined();
    expect((await zombie.get('/name/1'))?.value).toBe('again');
    await owner.removeMember(learner, approval);
  });
});
