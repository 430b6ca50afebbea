import { describe, expect, it } from 'vitest';
import { MemberId } from '../../../src/ids.ts';
import { replaceMember } from '../../../src/procedures/replace-member.ts';
import { withNewHost } from '../../fakes/new-host.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import type { FakeWorld } from '../../fakes/world.ts';
import { input, fresh, failed, keepOld, allServe } from '../replacing.ts';

describe('what a replacement is refused for', () => {
  /** Why a run ended without having begun. */
  const refusal = async (world: FakeWorld, more: Record<string, unknown> = {}): Promise<string> => {
    const run = fakeRun({ procedure: replaceMember, world, input: { ...input, ...more } });
    const came = await run.toEnd(approveAll);
    const end = run.entries.at(-1);
    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(world.effects.log).toEqual([]);
    return end?.type === 'run-ended' ? end.summary : '';
  };

  it('refuses a member that answers, unless told --healthy; then leadership is handed on first', async () => {
    const leads = () => {
      const world = fresh();
      const cluster = world.site.memberships.get('etcd-cluster');
      if (cluster !== undefined) cluster.leader = MemberId.parse('a2');
      return world;
    };

    const refused = await refusal(leads());
    const world = leads();
    const told = await fakeRun({ procedure: replaceMember, world, input: { ...input, healthy: true } }).toEnd(keepOld);

    expect(refused).toMatch(/etcd03 \(a2\) answers.*--healthy/);
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.slice(1, 4)).toEqual(['moveLeader a0', 'removeMember a2', 'stopAndMask etcd03']);
    allServe(world);
  });

  it('names start for a member whose data is there and whose unit is only stopped, unless told --discard-data', async () => {
    const stopped = () => {
      const world = fresh();
      world.machine('etcd03').unit.active = false;
      return world;
    };

    const refused = await refusal(stopped());
    const told = await fakeRun({ procedure: replaceMember, world: stopped(), input: { ...input, 'discard-data': true } }).toEnd(keepOld);

    expect(refused).toMatch(/`start demo etcd03` loses nothing.*--discard-data/);
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('refuses without a quorum, and where the others alone would have none', async () => {
    const lost = await refusal(failed({ lost: ['etcd02', 'etcd03'] }));
    const only = await refusal(fresh({ members: 1 }), { member: 'etcd01', healthy: true });
    const two = failed({ members: 5, lost: ['etcd04', 'etcd05'] });
    for (const { member } of two.site.machines.values()) two.machine(member).toolVersion = '3.5.30';
    const both = await refusal(two, { member: 'etcd03', healthy: true });

    expect(lost).toMatch(/has no quorum .*`start demo`.*`recover-quorum demo`/);
    expect(only).toMatch(/the only voter/);
    expect(both).toMatch(/Without etcd03 \(a2\) only 2 of 4 voters would answer and 3 are needed/);
  });

  it('names --also-remove where another voter is down and this etcd adds none then; both go at one gate, and the next run is named', async () => {
    const twoDown = () => failed({ members: 5, lost: ['etcd03', 'etcd05'] });
    const world = twoDown();
    world.machine('etcd05').powered = false;
    const run = fakeRun({ procedure: replaceMember, world, input: { ...input, 'also-remove': 'etcd05' } });

    const refused = await refusal(twoDown());
    const came = await run.toEnd(keepOld);

    const end = run.entries.at(-1);
    expect(refused).toMatch(/etcd 3\.4\.23: etcd refuses to add a member.*--also-remove etcd05/);
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.filter((effect) => effect.startsWith('removeMember'))).toEqual(['removeMember a2', 'removeMember a4']);
    expect(end?.type === 'run-ended' ? end.summary : '').toContain('Next: `replace-member demo etcd05`.');
  });

  it('refuses --also-remove for a member that answers, for itself, and for one that is gone', async () => {
    const gone = failed({ members: 5, lost: ['etcd03', 'etcd05'] });
    gone.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a4'));

    expect(await refusal(failed(), { 'also-remove': 'etcd02' })).toMatch(
      /etcd02 \(a1\) answers: --also-remove is for a member that is down/,
    );
    expect(await refusal(failed(), { 'also-remove': 'etcd03' })).toMatch(/names another member than etcd03 itself/);
    expect(await refusal(gone, { 'also-remove': 'etcd05' })).toMatch(/etcd05 is not a member any more/);
  });

  it('says so when a learner of another name is in the way', async () => {
    const world = failed();
    const memberId = MemberId.parse('e7');
    world.site.memberships
      .get('etcd-cluster')
      ?.members.set(memberId, { memberId, name: 'etcd09', peerUrls: ['https://198.51.100.9:2380'], isLearner: true });

    expect(await refusal(world)).toMatch(/another learner, and etcd takes one at a time: etcd09 \(e7\).*member remove e7/);
  });

  it('refuses when it cannot be told who is meant', async () => {
    const world = failed({ members: 5 });
    const memberId = MemberId.parse('e7');
    world.site.memberships
      .get('etcd-cluster')
      ?.members.set(memberId, { memberId, name: 'etcd03', peerUrls: ['https://198.51.100.9:2380'], isLearner: false });

    expect(await refusal(world)).toMatch(/cannot be told which member is meant by etcd03.*a2.*e7/);
  });

  it('says all that is wrong on the hosts too when it refuses for the cluster', async () => {
    const world = fresh();
    world.machine('etcd03').clockOffsetMs = -2_500;

    expect(await refusal(world)).toMatch(/--healthy.*etcd01 is 2\.5 s ahead of etcd03|--healthy.*etcd02 is 2\.5 s ahead of etcd03/s);
  });

  it('refuses a new host while the old one still listens at its address, unless told --healthy', async () => {
    const moved = () => withNewHost(fresh(), 'etcd03', { oldIsThere: true });

    const refused = await refusal(moved());
    const world = moved();
    const told = await fakeRun({ procedure: replaceMember, world, input: { ...input, healthy: true } }).toEnd(approveAll);

    expect(refused).toMatch(/etcd03 \(a2\) still listens at https:\/\/198\.51\.100\.3:2380, as seen from etcd01.*--healthy/);
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log).not.toContain('stopAndMask etcd03');
  });

  it('does not ask for a start where the data cannot be the member’s: one that never started', async () => {
    const world = fresh();
    const row = world.site.memberships.get('etcd-cluster')?.members.get(MemberId.parse('a2'));
    if (row === undefined) throw new Error('no row');
    row.name = '';
    world.machine('etcd03').unit.active = false;

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(keepOld);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
  });
});
