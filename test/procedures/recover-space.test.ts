import { describe, expect, it } from 'vitest';
import { recoverSpace } from '../../src/procedures/recover-space.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { dataOf, fullBytes, fullWorld, membershipOf, raise } from './full-world.ts';

function recovered(world: FakeWorld): void {
  expect(membershipOf(world).alarms).toEqual([]);
  for (const data of dataOf(world)) {
    expect(data.dbSizeBytes).toBeLessThan(100_000);
    expect([...data.keys.keys()]).toEqual(['/name/1']);
  }
}

describeCrashPoints({ procedure: recoverSpace, world: () => fullWorld(), gated: ['compact', 'defragment', 'disarm'], restored: recovered });

describeCrashPoints({
  procedure: recoverSpace,
  world: () => fullWorld({ members: 1 }),
  gated: ['compact', 'defragment', 'disarm'],
  restored: recovered,
});

describeCrashPoints({
  procedure: recoverSpace,
  world: () => fullWorld(),
  answers: (gate) => (gate.kind === 'approval' ? 'reject' : undefined),
  outcome: 'rejected',
  gated: ['compact', 'defragment', 'disarm'],
  restored: (world) => expect(dataOf(world).map(({ dbSizeBytes }) => dbSizeBytes)).toEqual([fullBytes, fullBytes, fullBytes]),
});

describe('recover-space', () => {
  it('backs up, compacts with a margin, defragments followers first and the leader last after moving leadership, disarms, and proves a write', async () => {
    const world = fullWorld();

    await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(world.effects.log).toEqual([
      'save etcd02',
      'compact 48999',
      'compact 49000',
      'defragment etcd02',
      'defragment etcd03',
      'moveLeader a1',
      'defragment etcd01',
      'disarm NOSPACE a0',
      'put /etcd-medic/canary',
      'delete /etcd-medic/canary',
    ]);
  });

  it('moves no leadership where there is one member', async () => {
    const world = fullWorld({ members: 1 });

    await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(world.effects.log.filter((effect) => /^(?:moveLeader|defragment)/.test(effect))).toEqual(['defragment etcd01']);
  });

  it('keeps a tenth of a short history, or as much as was asked for, and never compacts the head', async () => {
    const short = fullWorld();
    for (const data of dataOf(short)) data.revision = 200n;
    const told = fullWorld();

    await endingOf(recoverSpace, short);
    await endingOf(recoverSpace, told, { keep: '5' });

    expect(short.effects.log).toContain('compact 180');
    expect(told.effects.log).toContain('compact 49995');
    expect(recoverSpace.input.safeParse({ keep: '0' }).success).toBe(false);
  });

  it('shows on the gate what is lost, and that a snapshot still has it', async () => {
    const world = fullWorld();

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(() => undefined);

    expect(came).toMatchObject({
      state: 'waiting',
      gate: {
        stepId: 'compact',
        reason: expect.stringContaining('the history of keys before revision 49000'),
        plan: [{ argv: expect.arrayContaining(['compact', '48999']) }, { argv: expect.arrayContaining(['compact', '49000']) }],
        facts: { 'snapshot that still has the history': expect.stringContaining('rev50000') },
      },
    });
  });

  it('says sizes, quotas, disks, prefixes, and what can be freed', async () => {
    const world = fullWorld();
    const run = fakeRun({ procedure: recoverSpace, world });

    await run.toEnd(approveAll);

    const note = run.entries.flatMap((entry) =>
      entry.type === 'step-settled' && entry.stepId === 'say-what-is-full' ? [entry.note] : [],
    )[0];
    expect(note).toContain('etcd01: 2.2 GB, 2.1 GB of it in use, quota 2.1 GB, 10.0 GB free on its disk.');
    expect(note).toContain('Alarms: NOSPACE on etcd01.');
    expect(note).toContain('/name 10 bytes in 1 key');
    expect(note).toContain('compaction at most about 2.1 GB more');
    expect(note).not.toContain('will not help enough');
  });

  it('says that compaction will not help when the present values alone are near the quota, with the setting to change', async () => {
    const world = fullWorld();
    const prefixes = [{ prefix: '/big', keys: 50, bytes: 950_000_000, revisions: 50n }];
    world.etcd.sampleKeys = async () => ({ keysSeen: 10, keysTotal: 100, prefixes });
    const run = fakeRun({ procedure: recoverSpace, world });

    await run.toEnd(() => undefined);

    expect(run.entries.find((entry) => entry.type === 'step-settled')).toMatchObject({
      note: expect.stringMatching(
        /present keys and values alone, 1\.9 GB, are above or near .* will not help enough.*`ETCD_QUOTA_BACKEND_BYTES=\d+` in \/etc\/default\/etcd/s,
      ),
    });
  });

  it('refuses without quorum, with a silent member and with the alarm CORRUPT, before anything is begun', async () => {
    const noQuorum = fullWorld();
    for (const member of ['etcd02', 'etcd03']) noQuorum.machine(member).unit.active = false;
    const oneDown = fullWorld();
    oneDown.machine('etcd03').unit.active = false;
    const corrupt = fullWorld();
    raise(corrupt, 'CORRUPT', 'a2');

    expect(await endingOf(recoverSpace, noQuorum)).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('`recover-quorum demo`'),
    });
    expect(await endingOf(recoverSpace, oneDown)).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('`start demo etcd03`'),
    });
    expect(await endingOf(recoverSpace, corrupt)).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('CORRUPT is raised for etcd03'),
    });
    for (const world of [noQuorum, oneDown, corrupt]) expect(world.effects.log).toEqual([]);
  });

  it('says how much is missing on which disk and which quota would help, and goes on after Retry', async () => {
    const world = fullWorld();
    world.machine('etcd02').freeBytes = 1_000_000;
    const run = fakeRun({ procedure: recoverSpace, world });
    const came = await run.toEnd(approveAll);
    if (came.state !== 'waiting') throw new Error('no gate');
    const before = [...world.effects.log];
    world.machine('etcd02').freeBytes = 10_000_000_000;
    run.decide(came.gate.gateId, 'retry');

    const ended = await run.toEnd(approveAll);

    expect(came.gate).toMatchObject({ kind: 'failure', stepId: 'room' });
    expect(came.gate.reason).toMatch(
      /etcd02 has 1\.0 MB free on the disk of its data-dir and needs 67\.1 MB .*: 66\.1 MB are missing there\..*ETCD_QUOTA_BACKEND_BYTES=2750414848/,
    );
    expect(came.gate.reason).not.toContain('etcd01');
    expect(before.some((effect) => effect.startsWith('defragment'))).toBe(false);
    expect(ended).toMatchObject({ outcome: 'completed' });
  });

  it('does not disarm while a member is over its quota, and says by how much and what to do', async () => {
    const world = fullWorld();
    world.site.quotaBytes = 5_000;

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(came).toMatchObject({
      gate: {
        stepId: 'under-quota',
        reason: expect.stringMatching(/etcd01 is not under its quota: 10\.0 kB.*quota 5\.0 kB; .* Delete keys/),
      },
    });
    expect(membershipOf(world).alarms).toHaveLength(1);
  });

  it('compacts what was approved although the cluster went on meanwhile', async () => {
    const world = fullWorld();
    const run = fakeRun({ procedure: recoverSpace, world });
    const first = await run.toEnd(() => undefined);
    if (first.state !== 'waiting') throw new Error('no gate');
    for (const data of dataOf(world)) data.revision += 500n;
    run.decide(first.gate.gateId, 'approve');

    const came = await run.toEnd(() => undefined);

    expect(came).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log).toContain('compact 49000');
  });

  it('compacts nothing when CORRUPT was raised while the approval was pending', async () => {
    const world = fullWorld();
    const run = fakeRun({ procedure: recoverSpace, world });
    const first = await run.toEnd(() => undefined);
    if (first.state !== 'waiting') throw new Error('no gate');
    raise(world, 'CORRUPT', 'a1');
    run.decide(first.gate.gateId, 'approve');

    const came = await run.once();

    expect(came).toMatchObject({ gate: { kind: 'failure', stepId: 'compact', reason: expect.stringContaining('CORRUPT') } });
    expect(world.effects.log).toEqual(['save etcd02']);
  });

  it('says what is known of the version, and what makes it safe here', async () => {
    const { notes } = await endingOf(recoverSpace, fullWorld());

    expect(notes['room']).toMatch(/etcd 3\.4\.23: a defragmentation that finds the disk full .* There is room for it\./);
    expect(notes['room']).toMatch(/etcd 3\.4\.23: a defragmentation while a member still catches up .* All members have caught up\./);
  });

  it('reports what was freed per member', async () => {
    const { summary } = await endingOf(recoverSpace, fullWorld());

    expect(summary).toContain('demo takes writes again: 6.6 GB freed in all.');
    expect(summary).toContain('etcd03: 2.2 GB freed, 10.0 kB of a quota of 2.1 GB now.');
    expect(summary).toContain('--auto-compaction-retention');
  });

  it('says how things stand when it is ended in the middle', async () => {
    const world = fullWorld();
    world.machine('etcd03').freeBytes = 0;
    const run = fakeRun({ procedure: recoverSpace, world });
    const came = await run.toEnd(approveAll);
    if (came.state !== 'waiting') throw new Error('no gate');
    run.decide(came.gate.gateId, 'abort');

    await run.once();

    expect(run.entries.at(-1)).toMatchObject({
      outcome: 'aborted',
      summary: expect.stringContaining('Writes are still refused: NOSPACE is raised for etcd01.'),
    });
  });

  it('shows its plan and changes nothing with --plan', async () => {
    const world = fullWorld();
    const run = fakeRun({ procedure: recoverSpace, world, mode: 'plan' });

    const came = await run.toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.effects.log).toEqual([]);
    expect(run.entries.filter((entry) => entry.type === 'step-settled').map(({ stepId, plan }) => [stepId, plan?.length])).toEqual([
      ['say-what-is-full', 0],
      ['save-snapshot', 1],
      ['check-snapshot', 0],
      ['compact', 2],
      ['room', 0],
      ['defragment-followers', 2],
      ['move-leader', 1],
      ['defragment-leader', 1],
      ['under-quota', 0],
      ['disarm', 1],
      ['canary', 1],
      ['clean-up', 1],
    ]);
  });
});
