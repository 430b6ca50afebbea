import { describe, expect, it } from 'vitest';
import { MemberId, MemberName } from '../../../src/ids.ts';
import { startedAsLearner } from '../../../src/procedures/replacing/join.ts';
import { replaceMember } from '../../../src/procedures/replace-member.ts';
import type { PreparedReplacement } from '../../../src/procedures/replace-member.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { failed, fresh, input, spoiled } from '../replacing.ts';

const third = 'https://198.51.100.3:2380';
const prepared = { member: MemberName.parse('etcd03'), peerUrl: third, removes: [], newHost: false } as unknown as PreparedReplacement;

describe('a member that joins', () => {
  it('has started only when it answers as the one that was added', async () => {
    const world = fresh();
    const members = world.site.memberships.get('etcd-cluster')?.members;
    const old = members?.get(MemberId.parse('a2'));
    const memberId = MemberId.parse('e5');
    if (old === undefined) throw new Error('no member');
    old.peerUrls = ['https://198.51.100.77:2380'];
    members?.set(memberId, { memberId, name: '', peerUrls: [third], isLearner: true });

    expect(await startedAsLearner(prepared, world)).toMatchObject({ because: 'etcd03 answers as a2, and not as e5, which was added.' });
  });

  it('has not started while it is not in the list, or does not answer', async () => {
    const gone = failed();
    gone.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a2'));

    expect(await startedAsLearner(prepared, gone)).toMatchObject({ because: `There is no member at ${third}.` });
    expect(await startedAsLearner(prepared, failed())).toMatchObject({ because: 'etcd03 does not answer yet: connection refused.' });
  });

  it('is not taken for the one that is removed at the same peer URL: the plan does not know its id yet', async () => {
    const run = fakeRun({ procedure: replaceMember, world: failed(), input, mode: 'plan' });

    await run.toEnd(() => undefined);

    const promotion = run.entries.find((entry) => entry.type === 'step-settled' && entry.stepId === 'promote');
    expect(promotion).toMatchObject({ plan: [{ argv: ['etcdctl', 'member', 'promote', '<the id of the learner>'] }] });
  });

  it('is added anew when it was added before, never told its name, and left data: it may have acknowledged what it has lost', async () => {
    const world = failed();
    const members = world.site.memberships.get('etcd-cluster')?.members;
    const memberId = MemberId.parse('d0');
    members?.delete(MemberId.parse('a2'));
    members?.set(memberId, { memberId, name: '', peerUrls: [third], isLearner: true });
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: spoiled(world) });

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.filter((effect) => /^(?:removeMember|addLearner)/.test(effect))).toEqual([
      'removeMember d0',
      `addLearner ${third}`,
    ]);
  });

  it('is not waited for without a snapshot: when it is gone, nobody is removed', async () => {
    const world = failed();
    const run = fakeRun({ procedure: replaceMember, world, input });
    const asked = await run.toEnd(() => undefined);
    if (asked.state !== 'waiting') throw new Error('no gate');
    world.snapshots.records.length = 0;
    run.decide(asked.gate.gateId, 'approve');

    const came = await run.once();

    expect(came).toMatchObject({
      gate: { kind: 'failure', reason: 'The snapshot that this run took is not in the backup directory of this worker.' },
    });
  });
});
