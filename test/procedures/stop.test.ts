import { describe, expect, it } from 'vitest';
import { stop } from '../../src/procedures/stop.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';

const run = 'stop-demo-7f3a9c';

function runsOn(world: FakeWorld): string[] {
  return [...world.site.machines.values()].filter(({ unit }) => unit.active).map(({ member }) => member);
}

describeCrashPoints({
  procedure: stop,
  world: () => fakeWorld({ run }),
  input: { member: 'etcd02' },
  gated: [],
  restored: (world) => expect(runsOn(world)).toEqual(['etcd01', 'etcd03']),
});

describeCrashPoints({
  procedure: stop,
  world: () => fakeWorld({ run }),
  gated: ['stop'],
  restored: (world) => expect(runsOn(world)).toEqual([]),
});

describe('stop', () => {
  it('stops one of three without asking, because the others hold quorum', async () => {
    expect(await endingOf(stop, fakeWorld({ run }), { member: 'etcd03' }, () => undefined)).toMatchObject({
      outcome: 'completed',
      summary: expect.stringContaining('etcd is stopped on etcd03'),
    });
  });

  it('waits for an approval as strict as for lost quorum when one more would end it', async () => {
    const world = fakeWorld({ run });
    world.machine('etcd01').unit.active = false;

    const { gate } = await endingOf(stop, world, { member: 'etcd02' }, () => undefined);

    expect(gate).toMatchObject({
      stepId: 'stop-without-quorum',
      kind: 'approval',
      reason: expect.stringContaining('all writes to demo'),
      facts: { 'members answering': 'etcd02 and etcd03' },
    });
    expect(runsOn(world)).toEqual(['etcd02', 'etcd03']);
  });

  it('does so for all members, and for the only one', async () => {
    const all = await endingOf(stop, fakeWorld({ run }), {}, () => undefined);
    const only = await endingOf(stop, fakeWorld({ run, members: 1 }), { member: 'etcd01' }, () => undefined);

    for (const { gate } of [all, only]) expect(gate).toMatchObject({ stepId: 'stop-without-quorum' });
    expect(all.gate?.plan).toHaveLength(3);
  });

  it('does not end quorum without an approval when another member fails before it acts', async () => {
    const world = fakeWorld({ run });
    const asked = fakeRun({ procedure: stop, world, input: { member: 'etcd02' } });
    const [, host] = world.hosts;
    if (host === undefined) throw new Error('no host');
    const unit = host.unit.bind(host);
    host.unit = async () => {
      world.machine('etcd03').unit.active = false;
      return unit();
    };

    const came = await asked.toEnd(approveAll);

    expect(came).toMatchObject({ gate: { kind: 'failure', reason: expect.stringContaining('1 of 3 voters is left, and 2 are needed') } });
    expect(runsOn(world)).toEqual(['etcd01', 'etcd02']);
  });

  it('asks anew when a member comes back while the approval is pending', async () => {
    const world = fakeWorld({ run });
    world.machine('etcd01').unit.active = false;
    const asked = fakeRun({ procedure: stop, world, input: { member: 'etcd02' } });
    const first = await asked.toEnd(() => undefined);
    if (first.state !== 'waiting') throw new Error('no gate');
    world.machine('etcd01').unit.active = true;
    asked.decide(first.gate.gateId, 'approve');

    expect(await asked.once()).toMatchObject({ gate: { gateId: 'stop-demo-7f3a9c.2', kind: 'approval' } });
    expect(runsOn(world)).toHaveLength(3);
  });

  it('finds a member stopped that was down already', async () => {
    const world = fakeWorld({ run });
    world.machine('etcd03').unit.active = false;

    expect(await endingOf(stop, world, { member: 'etcd03' }, () => undefined)).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log).toEqual([]);
  });

  it('names the host that does not answer', async () => {
    const world = fakeWorld({ run });
    world.machine('etcd03').powered = false;

    const { gate } = await endingOf(stop, world);

    expect(gate).toMatchObject({ kind: 'failure', reason: expect.stringContaining('etcd03: its host does not answer') });
    expect(runsOn(world)).toContain('etcd01');
  });
});
