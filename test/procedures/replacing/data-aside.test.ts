import { describe, expect, it } from 'vitest';
import { fails } from '../../../src/engine/finding.ts';
import { MemberId, MemberName } from '../../../src/ids.ts';
import { dataIsSpare, isAside } from '../../../src/procedures/replacing/data-aside.ts';
import { replaceMember } from '../../../src/procedures/replace-member.ts';
import type { PreparedReplacement } from '../../../src/procedures/replace-member.ts';
import { changeLooks, withSlow } from '../../fakes/looks.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { aside, failed, fresh, input, spoiled } from '../replacing.ts';

const removal = { member: MemberName.parse('etcd03'), id: MemberId.parse('a2'), peerUrls: [], isLearner: false, hasStarted: true };
const prepared = { member: removal.member, removes: [removal], newHost: false, among: [] } as unknown as PreparedReplacement;

describe('the data-dir of a member that was removed', () => {
  it('is not touched while etcd may run on it', async () => {
    const world = failed();
    world.site.memberships.get('etcd-cluster')?.members.delete(removal.id);
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: spoiled(world) });
    const third = world.hosts[2];
    if (third === undefined) throw new Error('no host');
    third.fenced = async () => fails('a process named etcd is still there.');

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(approveAll);

    expect(came).toMatchObject({
      gate: { kind: 'failure', stepId: 'put-data-aside', reason: expect.stringContaining('was not touched: a process') },
    });
    expect(world.effects.log.some((effect) => effect.startsWith('putDataAside'))).toBe(false);
  });

  it('stays as long as it is one', async () => {
    expect(await dataIsSpare(prepared, fresh())).toMatchObject({ because: expect.stringContaining('etcd03 (a2) is still a member') });
  });

  it('stays as long as a member serves on it, also one that is slow for a moment', async () => {
    const world = fresh();
    changeLooks(world, (look, nth) => (nth === 1 ? withSlow(look, 'etcd03') : look));

    expect(await dataIsSpare({ ...prepared, removes: [] }, world)).toMatchObject({
      because: expect.stringContaining('etcd03 serves as'),
    });
  });

  it('is aside only when nothing is left that etcd would start on', async () => {
    const world = failed();
    const third = world.machine('etcd03');
    const dirs = (present: 'data' | 'empty' | 'none', old: boolean) => {
      third.dirs.clear();
      if (present !== 'none')
        third.dirs.set(world.site.dataDir, { identity: '8:1', data: present === 'data' ? spoiled(world) : undefined });
      if (old) third.dirs.set(aside, { identity: '8:2', data: undefined });
    };
    const said = async (present: 'data' | 'empty' | 'none', old: boolean) => {
      dirs(present, old);
      return (await isAside(prepared, world)).holds;
    };

    expect([await said('none', false), await said('empty', false), await said('empty', true)]).toEqual([true, true, true]);
    expect([await said('data', false), await said('data', true), await said('none', true)]).toEqual([false, false, false]);
  });
});
