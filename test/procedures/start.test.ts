import { describe, expect, it } from 'vitest';
import { start } from '../../src/procedures/start.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { failsToStart } from './failed-unit.ts';

const run = 'start-demo-7f3a9c';

function down(...members: string[]): FakeWorld {
  const world = fakeWorld({ run });
  for (const member of members) world.machine(member).unit = { active: false, masked: false };
  return world;
}

describeCrashPoints({
  procedure: start,
  world: () => {
    const world = down('etcd02', 'etcd03');
    world.machine('etcd03').unit.masked = true;
    return world;
  },
  gated: [],
  restored: (world) => expect([...world.site.machines.values()].every(({ unit }) => unit.active && !unit.masked)).toBe(true),
});

describe('start', () => {
  it('starts only the one that was named, and says what it waits for', async () => {
    const world = down('etcd01', 'etcd02', 'etcd03');

    const { outcome, notes } = await endingOf(start, world, { member: 'etcd02' });

    expect(outcome).toBe('completed');
    expect(world.effects.log).toEqual(['unmaskAndStart etcd02']);
    expect(notes['start']).toContain('etcd02 runs and waits for the others: 2 of 3 voters are needed. `start demo`');
  });

  it('brings a cluster back that was all down, and loses nothing', async () => {
    const world = down('etcd01', 'etcd02', 'etcd03');

    const { summary } = await endingOf(start, world);

    expect(world.effects.log.toSorted()).toEqual(['unmaskAndStart etcd01', 'unmaskAndStart etcd02', 'unmaskAndStart etcd03']);
    expect(summary).toContain('3 of 3 voters answer');
    expect(world.machine('etcd01').dirs.get(world.site.dataDir)?.data?.keys.get('/name/1')?.value).toBe('test');
  });

  it('does not wait three minutes for a member that systemd has given up', async () => {
    const world = down('etcd03');
    const began = world.clock.now().getTime();

    const { gate } = await endingOf(start, failsToStart(world, 'etcd03'));

    expect(gate?.kind).toBe('failure');
    expect(gate?.reason).toMatch(/etcd03: etcd is failed; .*etcd on etcd03 has failed to start.*`journalctl --unit=etcd --lines=20`/);
    expect(world.clock.now().getTime() - began).toBeLessThan(20_000);
  });

  it('says how unit and data-dir stand on every host', async () => {
    const world = down('etcd02');
    world.machine('etcd03').powered = false;

    const { notes } = await endingOf(start, world);

    expect(notes['look-at-hosts']).toBe(
      'etcd01: etcd is active; /data/etcd/data is there.\netcd02: etcd is inactive; /data/etcd/data is there.\netcd03: its host does not answer (etcd03 does not answer over ssh).',
    );
  });

  it('does not start a member without its data, which would form a cluster of its own', async () => {
    const world = fakeWorld({ run });
    world.loseData('etcd03');

    const named = await endingOf(start, world, { member: 'etcd03' });
    const all = await endingOf(start, world);

    for (const { outcome, summary } of [named, all]) {
      expect(outcome).toBe('failed');
      expect(summary).toContain('`replace-member demo etcd03`');
    }
    expect(world.effects.log).toEqual([]);
  });

  it('starts the others when one has lost its data', async () => {
    const world = down('etcd02');
    world.loseData('etcd03');

    const { summary } = await endingOf(start, world);

    expect(world.effects.log).toEqual(['unmaskAndStart etcd02']);
    expect(summary).toContain('etcd03: connection refused');
  });

  it('names a restore when no host has data', async () => {
    const world = fakeWorld({ run });
    for (const member of ['etcd01', 'etcd02', 'etcd03']) world.loseData(member);

    expect(await endingOf(start, world)).toMatchObject({ outcome: 'failed', summary: expect.stringContaining('`restore demo`') });
  });

  it('says when everything runs', async () => {
    expect(await endingOf(start, fakeWorld({ run }))).toMatchObject({
      outcome: 'completed',
      summary: expect.stringContaining('etcd ran on every host already.'),
    });
  });
});
