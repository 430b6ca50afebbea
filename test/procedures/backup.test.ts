import { describe, expect, it } from 'vitest';
import { backup } from '../../src/procedures/backup.ts';
import { fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';

const run = 'backup-demo-7f3a9c';

describeCrashPoints({
  procedure: backup,
  world: () => fakeWorld({ run }),
  gated: [],
  restored: (world) => expect(world.snapshots.records).toHaveLength(1),
});

describe('backup', () => {
  it('takes the snapshot from a follower', async () => {
    const world = fakeWorld({ run });

    await fakeRun({ procedure: backup, world }).toEnd(() => undefined);

    expect(world.effects.log).toEqual(['save etcd02']);
  });

  it('takes it from the only member there is', async () => {
    const world = fakeWorld({ run, members: 1 });

    await fakeRun({ procedure: backup, world }).toEnd(() => undefined);

    expect(world.effects.log).toEqual(['save etcd01']);
  });

  it('takes it from a survivor when quorum is lost', async () => {
    const world = fakeWorld({ run });
    world.loseData('etcd01');
    world.loseData('etcd02');

    await fakeRun({ procedure: backup, world }).toEnd(() => undefined);

    expect(world.effects.log).toEqual(['save etcd03']);
  });

  it('says which member does not answer when that one was asked for', async () => {
    const world = fakeWorld({ run });
    world.loseData('etcd03');
    const asked = fakeRun({ procedure: backup, world, input: { from: 'etcd03' } });

    const came = await asked.toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(asked.entries.at(-1)).toMatchObject({
      summary: expect.stringContaining('etcd03 does not answer at https://198.51.100.3:2379: connection refused'),
    });
  });
});
