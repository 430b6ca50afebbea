import { describe, expect, it } from 'vitest';
import { disarm } from '../../src/procedures/disarm.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { dataOf, fullWorld, membershipOf, raise } from './full-world.ts';

const run = 'disarm-demo-7f3a9c';

/** NOSPACE is still raised, and every member is under its quota again. */
function emptied(): FakeWorld {
  const world = fullWorld({ run });
  for (const data of dataOf(world)) data.dbSizeBytes = 1_000_000;
  return world;
}

function suspected(): FakeWorld {
  const world = emptied();
  raise(world, 'CORRUPT', 'a1');
  return world;
}

describeCrashPoints({ procedure: disarm, world: emptied, gated: [], restored: (world) => expect(membershipOf(world).alarms).toEqual([]) });

describeCrashPoints({
  procedure: disarm,
  world: suspected,
  input: { corrupt: true },
  gated: ['disarm'],
  restored: (world) => expect(membershipOf(world).alarms).toEqual([]),
});

describe('disarm', () => {
  it('lists the alarms before, and says how they are after', async () => {
    expect(await endingOf(disarm, emptied())).toMatchObject({
      outcome: 'completed',
      summary: 'Alarms now: none.',
      notes: { 'list-alarms': 'NOSPACE on etcd01.' },
    });
  });

  it('leaves NOSPACE while a member is over its quota, and names what does it all', async () => {
    const world = fullWorld({ run });

    const { gate } = await endingOf(disarm, world);

    expect(gate).toMatchObject({
      stepId: 'under-quota',
      reason: expect.stringMatching(/etcd02 is not under its quota: 2\.2 GB.*`recover-space demo` does it all/),
    });
    expect(world.effects.log).toEqual([]);
  });

  it('leaves NOSPACE while the next write would not fit, though the file is smaller than the quota', async () => {
    const world = emptied();
    world.site.quotaBytes = 1_500_000;

    expect((await endingOf(disarm, world)).gate).toMatchObject({
      stepId: 'under-quota',
      reason: expect.stringContaining('a write of up to 1.6 MB must fit'),
    });
  });

  it('takes etcd’s default for the quota where the metrics do not say, and says so', async () => {
    const world = emptied();
    world.etcd.quotaBytes = async () => undefined;

    const { notes } = await endingOf(disarm, world);

    expect(notes['under-quota']).toContain('2.1 GB (etcd’s default: its metrics do not say)');
  });

  it('looks at the quota once more right before it takes NOSPACE back', async () => {
    const world = emptied();
    let asked = 0;
    // The look of the step before still found room.
    world.etcd.quotaBytes = async () => ((asked += 1) <= 3 ? 5_000_000 : 500_000);

    const { gate } = await endingOf(disarm, world);

    expect(gate).toMatchObject({
      stepId: 'disarm',
      reason: expect.stringContaining('NOSPACE is not disarmed: etcd01 is not under its quota'),
    });
    expect(world.effects.log).toEqual([]);
  });

  it('takes nothing back beside CORRUPT', async () => {
    const world = suspected();

    const { outcome, summary } = await endingOf(disarm, world);

    expect(outcome).toBe('failed');
    expect(summary).toMatch(/CORRUPT is raised for etcd02.*`replace-member demo` it/);
    expect(world.effects.log).toEqual([]);
  });

  it('takes CORRUPT back only with the flag and an approval, which says what it hides', async () => {
    const asked = await endingOf(disarm, suspected(), { corrupt: true }, () => undefined);
    const world = suspected();

    await endingOf(disarm, world, { corrupt: true });

    expect(asked.gate).toMatchObject({
      stepId: 'disarm-corrupt',
      kind: 'approval',
      reason: expect.stringContaining('the only sign that a member holds other data'),
      facts: { 'raised for': 'etcd02' },
    });
    expect(world.effects.log).toEqual(['disarm CORRUPT a1', 'disarm NOSPACE a0']);
  });

  it('asks nobody when the flag is given and nothing is raised', async () => {
    const world = emptied();
    membershipOf(world).alarms.length = 0;

    expect(await endingOf(disarm, world, { corrupt: true }, () => undefined)).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log).toEqual([]);
  });
});
