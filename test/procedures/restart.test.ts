import { describe, expect, it } from 'vitest';
import { restart } from '../../src/procedures/restart.ts';
import { otherwise } from '../fakes/otherwise.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';

const run = 'restart-demo-7f3a9c';

function pids(world: FakeWorld): number[] {
  return [...world.site.machines.values()].map(({ mainPid }) => mainPid);
}

describeCrashPoints({
  procedure: restart,
  world: () => fakeWorld({ run }),
  gated: [],
  restored: (world) => expect(pids(world)).toEqual([101, 101, 101]),
});

describeCrashPoints({
  procedure: restart,
  world: () => fakeWorld({ run, members: 1 }),
  gated: ['restart'],
  restored: (world) => expect(pids(world)).toEqual([101]),
});

describe('restart', () => {
  it('restarts followers first and the leader last, after handing leadership to one that is restarted', async () => {
    const world = fakeWorld({ run });

    const { summary } = await endingOf(restart, world);

    expect(world.effects.log).toEqual(['restart etcd02', 'restart etcd03', 'moveLeader a1', 'restart etcd01']);
    expect(summary).toContain('etcd was restarted on etcd01, etcd02 and etcd03.');
  });

  it('restarts a named follower alone', async () => {
    const world = fakeWorld({ run });

    await endingOf(restart, world, { member: 'etcd03' });

    expect(world.effects.log).toEqual(['restart etcd03']);
  });

  it('does not begin while a member is down, but restarts a named one when quorum holds without it', async () => {
    const world = fakeWorld({ run, members: 5 });
    world.machine('etcd05').unit.active = false;

    const all = await endingOf(restart, world);
    const named = await endingOf(restart, world, { member: 'etcd02' });

    expect(all).toMatchObject({ outcome: 'failed', summary: expect.stringContaining('etcd05 does not answer') });
    expect(named).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log).toEqual(['restart etcd02']);
  });

  it('refuses to restart a member that quorum hangs on, also with an approval', async () => {
    const world = fakeWorld({ run });
    world.machine('etcd03').unit.active = false;

    const { outcome, summary } = await endingOf(restart, world, { member: 'etcd02' });

    expect(outcome).toBe('failed');
    expect(summary).toContain('Nothing is restarted at that edge');
    expect(world.effects.log).toEqual([]);
  });

  it('waits for an approval in a cluster of one or two, where nothing can be written meanwhile', async () => {
    for (const members of [1, 2]) {
      const { gate } = await endingOf(restart, fakeWorld({ run, members }), {}, () => undefined);

      expect(gate).toMatchObject({
        stepId: 'restart-without-quorum',
        kind: 'approval',
        reason: expect.stringContaining('writes to demo while a member restarts'),
      });
    }
  });

  it('touches no other member when one does not come back, and leaves the restarted ones alone after Retry', async () => {
    const world = fakeWorld({ run });
    otherwise(world.hosts[1], 'restart', async (whole) => {
      await whole();
      world.machine('etcd02').unit.active = false;
    });
    const asked = fakeRun({ procedure: restart, world });
    const came = await asked.toEnd(approveAll);
    if (came.state !== 'waiting') throw new Error('no failure');
    const before = [...world.effects.log];
    asked.decide(came.gate.gateId, 'retry');

    const ended = await asked.toEnd(approveAll);

    expect(came.gate.reason).toContain('etcd02 was restarted and is not well again, so no other member is touched');
    expect(before).toEqual(['restart etcd02']);
    expect(ended).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log).toEqual(['restart etcd02', 'unmaskAndStart etcd02', 'restart etcd03', 'moveLeader a1', 'restart etcd01']);
  });

  it('does not wait for a member that systemd has given up, and says so', async () => {
    const world = fakeWorld({ run });
    otherwise(world.hosts[1], 'restart', async (whole) => {
      await whole();
      world.machine('etcd02').unit = { active: false, masked: false, failed: true };
    });
    const began = world.clock.now().getTime();

    const { gate } = await endingOf(restart, world);

    expect(gate?.reason).toContain('etcd on etcd02 has failed to start, and systemd does not try again');
    expect(world.clock.now().getTime() - began).toBeLessThan(30_000);
    expect(world.effects.log).toEqual(['restart etcd02']);
  });

  it('refuses a member that does not run, and names what starts it', async () => {
    const world = fakeWorld({ run, members: 5 });
    world.machine('etcd05').unit.active = false;

    expect(await endingOf(restart, world, { member: 'etcd05' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('`start demo etcd05`'),
    });
  });
});
