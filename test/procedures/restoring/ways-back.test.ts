import { describe, expect, it } from 'vitest';
import { recoverQuorum } from '../../../src/procedures/recover-quorum.ts';
import { changeLooks, withStatus } from '../../fakes/looks.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { fakeWorld } from '../../fakes/world.ts';
import { dataLost, gateOf, run, silentFor, written } from '../lost-quorum.ts';

describe('the ways back', () => {
  it('offers what is possible, the least loss first, each with what it loses', async () => {
    const world = await dataLost('etcd02', 'etcd03');

    const { options = [], facts } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.map(({ id, possible }) => [id, possible])).toEqual([
      ['survivor', true],
      ['snapshot', true],
      ['start', false],
    ]);
    expect(options[0]?.title).toBe('Rebuild all members from a snapshot of etcd01, which still answers');
    expect(options[0]?.detail).toMatch(/^Revision 8\. Loses nothing that is known of: no revision above 8 was ever seen/);
    expect(options[1]?.detail).toMatch(/Revision 7, taken .* Loses 1 revision \(12 minutes of writes\)/);
    expect(options[2]?.detail).toMatch(
      /1 of 3 members would have their data, and 2 are needed \(etcd02: its data is gone; etcd03: its data is gone\)/,
    );
    expect(facts).toMatchObject({ 'highest revision known': '8' });
  });

  it('prefers the member that has applied most, not one that was cut off and called elections in vain', async () => {
    const world = await written(5);
    for (const member of ['etcd03', 'etcd04', 'etcd05']) world.loseData(member);
    changeLooks(world, (look) =>
      withStatus(look, (status, member) =>
        member === 'etcd01' ? { raftTerm: 99n, raftAppliedIndex: status.raftAppliedIndex - 1n, revision: status.revision - 1n } : {},
      ),
    );

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')).toMatchObject({
      title: 'Rebuild all members from a snapshot of etcd02, which still answers',
      detail: expect.stringContaining('Revision 8.') as string,
    });
  });

  it('prefers the stopped member whose database has the higher revision to one that answers', async () => {
    const world = await written();
    world.machine('etcd03').unit.active = false;
    const late = world.machine('etcd03').dirs.get(world.site.dataDir)?.data;
    const early = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (late === undefined || early === undefined) throw new Error('no data');
    late.revision = 9n;
    early.keys.delete('/name/2');
    world.loseData('etcd02');

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')).toMatchObject({
      title: 'Rebuild all members from a copy of the database of etcd03, which is stopped',
      detail: expect.stringMatching(/No revision above 8 was ever seen of this cluster: if that member took no part/) as string,
    });
  });

  it('refuses a named way that is not possible, with the reason and what is', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const runs = fakeRun({ procedure: recoverQuorum, world, input: { source: 'start' } });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({
      summary: expect.stringMatching(/that is not possible\. 1 of 3 members.*What is possible: survivor, snapshot/) as string,
    });
  });

  it('says every reason when there is no way back', async () => {
    const world = fakeWorld({ run });
    for (const member of world.site.machines.keys()) world.loseData(member);
    const runs = fakeRun({ procedure: recoverQuorum, world });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({
      summary: expect.stringMatching(/There is no way back.*No member answers.*none was ever saved/s) as string,
    });
  });

  it('warns of a survivor whose version can be inconsistent', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    world.machine('etcd01').toolVersion = '3.5.1';

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')?.detail).toContain('etcd 3.5.1: a member can have become inconsistent');
  });

  it('asks a survivor that runs and is slow to answer again before it says that there is none', async () => {
    const world = silentFor(await dataLost('etcd02', 'etcd03'), { after: 0, looks: 2 });

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options[0]).toMatchObject({ id: 'survivor', possible: true });
  });

  it('says how the database of a member that runs without serving is set free', async () => {
    const world = silentFor(await dataLost('etcd02', 'etcd03'), { after: 0, looks: Number.POSITIVE_INFINITY });

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')).toMatchObject({
      possible: false,
      detail: expect.stringContaining('`stop demo etcd01` sets it free') as string,
    });
  });
});
