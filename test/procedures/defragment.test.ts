import { describe, expect, it } from 'vitest';
import { defragment } from '../../src/procedures/defragment.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { dataOf, fullWorld, raise } from './full-world.ts';

const run = 'defragment-demo-7f3a9c';

/** Every member has a gigabyte of free pages. */
function fragmented(options: { members?: number; version?: string } = {}): FakeWorld {
  const world = fullWorld({ run, members: options.members ?? 3 });
  for (const data of dataOf(world)) data.dbSizeInUseBytes = 1_000_000_000;
  for (const machine of world.site.machines.values()) machine.toolVersion = options.version ?? '3.4.23';
  return world;
}

describeCrashPoints({
  procedure: defragment,
  world: () => fragmented(),
  gated: [],
  restored: (world) => expect(dataOf(world).map(({ dbSizeBytes }) => dbSizeBytes)).toEqual([1_000_000_000, 1_000_000_000, 1_000_000_000]),
});

describeCrashPoints({
  procedure: defragment,
  world: () => fragmented({ version: '3.5.3' }),
  input: { member: 'etcd01' },
  gated: [],
  restored: (world) => expect(world.snapshots.records).toHaveLength(1),
});

describe('defragment', () => {
  it('takes one after the other, the leader last after handing leadership on', async () => {
    const world = fragmented();

    const { summary } = await endingOf(defragment, world);

    expect(world.effects.log).toEqual(['defragment etcd02', 'defragment etcd03', 'moveLeader a1', 'defragment etcd01']);
    expect(summary).toContain('etcd02: 1.2 GB freed, 1.0 GB now');
  });

  it('defragments a named follower alone, and leaves leadership where it is', async () => {
    const world = fragmented();

    await endingOf(defragment, world, { member: 'etcd03' });

    expect(world.effects.log).toEqual(['defragment etcd03']);
  });

  it('hands leadership on before it defragments the named leader', async () => {
    const world = fragmented();

    await endingOf(defragment, world, { member: 'etcd01' });

    expect(world.effects.log).toEqual(['moveLeader a1', 'defragment etcd01']);
  });

  it('saves a snapshot first where a crash in a defragmentation loses revisions (3.5.0 to 3.5.5)', async () => {
    const world = fragmented({ version: '3.5.3' });

    await endingOf(defragment, world, { member: 'etcd02' });

    expect(world.effects.log).toEqual(['save etcd02', 'defragment etcd02']);
  });

  it('does not touch a member with nothing to give back, whatever its disk', async () => {
    const world = fragmented();
    for (const data of dataOf(world)) data.dbSizeInUseBytes = data.dbSizeBytes - 1_000_000;
    for (const machine of world.site.machines.values()) machine.freeBytes = 0;

    const { outcome } = await endingOf(defragment, world);

    expect(outcome).toBe('completed');
    expect(world.effects.log).toEqual([]);
  });

  it('refuses a disk without room, and says what is missing', async () => {
    const world = fragmented();
    world.machine('etcd03').freeBytes = 500_000_000;

    const { gate } = await endingOf(defragment, world);

    expect(gate).toMatchObject({ stepId: 'room', reason: expect.stringContaining('567 MB are missing there') });
    expect(world.effects.log).toEqual([]);
  });

  it('refuses under CORRUPT, with a member down, and a named one that is down', async () => {
    const corrupt = fragmented();
    raise(corrupt, 'CORRUPT', 'a2');
    const down = fragmented();
    down.machine('etcd02').unit.active = false;

    expect(await endingOf(defragment, corrupt)).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('CORRUPT is raised for etcd03'),
    });
    expect(await endingOf(defragment, down)).toMatchObject({ outcome: 'failed', summary: expect.stringContaining('`start demo etcd02`') });
    expect(await endingOf(defragment, down, { member: 'etcd02' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('etcd02 does not answer'),
    });
    expect(await endingOf(defragment, down, { member: 'etcd03' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('Not every member answers'),
    });
    for (const world of [corrupt, down]) expect(world.effects.log).toEqual([]);
  });
});
