import { describe, expect, it } from 'vitest';
import { moveLeader } from '../../src/procedures/move-leader.ts';
import { fakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { membershipOf } from './full-world.ts';

const run = 'move-leader-demo-7f3a9c';

describeCrashPoints({
  procedure: moveLeader,
  world: () => fakeWorld({ run }),
  input: { member: 'etcd03' },
  gated: [],
  restored: (world) => expect(membershipOf(world).leader).toBe('a2'),
});

describe('move-leader', () => {
  it('chooses a voter when none is named', async () => {
    const world = fakeWorld({ run });

    const { summary } = await endingOf(moveLeader, world);

    expect(world.effects.log).toEqual(['moveLeader a1']);
    expect(summary).toContain('etcd02 leads; before, etcd01 did.');
  });

  it('does nothing when the named one leads already', async () => {
    const world = fakeWorld({ run });

    const { outcome, summary } = await endingOf(moveLeader, world, { member: 'etcd01' });

    expect(outcome).toBe('completed');
    expect(summary).toContain('etcd01 leads, as it did before.');
    expect(world.effects.log).toEqual([]);
  });

  it('refuses a learner, a member that does not answer, one that lags, and where there is nobody else', async () => {
    const learner = fakeWorld({ run });
    for (const row of membershipOf(learner).members.values()) if (row.name === 'etcd03') row.isLearner = true;
    const down = fakeWorld({ run });
    down.machine('etcd03').unit.active = false;
    const lagging = fakeWorld({ run });
    const look = lagging.etcd.look.bind(lagging.etcd);
    lagging.etcd.look = async () => {
      const seen = await look();
      const endpoints = seen.endpoints.map((endpoint) =>
        endpoint.answers && endpoint.member !== 'etcd03'
          ? { ...endpoint, status: { ...endpoint.status, raftAppliedIndex: 5_000n } }
          : endpoint,
      );
      return { ...seen, endpoints };
    };

    expect(await endingOf(moveLeader, learner, { member: 'etcd03' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('etcd03 is a learner'),
    });
    expect(await endingOf(moveLeader, down, { member: 'etcd03' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('etcd03 does not answer'),
    });
    expect(await endingOf(moveLeader, lagging, { member: 'etcd03' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('etcd03 still catches up'),
    });
    expect(await endingOf(moveLeader, fakeWorld({ run, members: 1 }))).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('one voter'),
    });
  });
});
