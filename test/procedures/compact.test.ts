import { describe, expect, it } from 'vitest';
import { compact } from '../../src/procedures/compact.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { dataOf, fullWorld, membershipOf, raise } from './full-world.ts';

const run = 'compact-demo-7f3a9c';

describeCrashPoints({
  procedure: compact,
  world: () => fullWorld({ run }),
  gated: ['compact'],
  restored: (world) => expect(membershipOf(world).compactRevision).toBe(49_000n),
});

describe('compact', () => {
  it('waits for an approval, and says what is lost and which snapshot still has it', async () => {
    const { gate } = await endingOf(compact, fullWorld({ run }), {}, () => undefined);

    expect(gate).toMatchObject({
      stepId: 'compact',
      required: 1,
      reason: expect.stringContaining('the history of keys before revision 49000'),
      facts: { 'snapshot that still has the history': 'none', 'compact up to revision': '49000' },
    });
  });

  it('refuses the head and what is beyond it, before anybody is asked', async () => {
    const world = fullWorld({ run });

    const { outcome, summary } = await endingOf(compact, world, { revision: '50000' });

    expect(outcome).toBe('failed');
    expect(summary).toContain('Revision 50000 is not below the head: demo is at revision 50000');
    expect(world.effects.log).toEqual([]);
  });

  it('takes a revision as a whole number only', () => {
    expect(compact.input.safeParse({ revision: '12a' })).toMatchObject({
      success: false,
      error: { issues: [{ message: 'a revision is a whole number above 0, e.g. 1234' }] },
    });
    expect(compact.input.safeParse({ revision: '0' }).success).toBe(false);
  });

  it('skips what is compacted already', async () => {
    const world = fullWorld({ run });
    membershipOf(world).compactRevision = 49_500n;

    const { outcome, notes } = await endingOf(compact, world);

    expect(outcome).toBe('completed');
    expect(notes['compact']).toContain('The history before revision 49000 is gone');
    expect(world.effects.log).toEqual([]);
  });

  it('has nothing to do where there is hardly any history', async () => {
    const world = fullWorld({ run });
    for (const data of dataOf(world)) data.revision = 2n;

    expect(await endingOf(compact, world)).toMatchObject({
      outcome: 'completed',
      notes: { compact: expect.stringContaining('hardly any history') },
    });
  });

  it('refuses under the alarm CORRUPT', async () => {
    const world = fullWorld({ run });
    raise(world, 'CORRUPT', 'a1');

    expect(await endingOf(compact, world)).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('CORRUPT is raised for etcd02'),
    });
  });

  it('says that the files are as large as before, and what gives the room back', async () => {
    expect((await endingOf(compact, fullWorld({ run }))).summary).toMatch(/etcd01: 2\.2 GB, 10\.0 kB of it in use\..*`defragment demo`/s);
  });
});
