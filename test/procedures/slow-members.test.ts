/** A member that is slow for one look is no member that is down: nothing is refused, nobody's approval is void, and nobody is taken for who they are not. */
import { describe, expect, it } from 'vitest';
import { backup } from '../../src/procedures/backup.ts';
import { compact } from '../../src/procedures/compact.ts';
import { defragment } from '../../src/procedures/defragment.ts';
import { moveLeader } from '../../src/procedures/move-leader.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { recoverSpace } from '../../src/procedures/recover-space.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restart } from '../../src/procedures/restart.ts';
import { stop } from '../../src/procedures/stop.ts';
import { changeLooks, withSlow, withStatus } from '../fakes/looks.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { endingOf } from './ending.ts';
import { fullWorld } from './full-world.ts';
import { failed, fresh, input, keepOld } from './replacing.ts';

const healthy = () => fakeWorld({ run: 'restart-demo-7f3a9c' });

describe('a member that is slow in the very first look', () => {
  it.each<[string, Procedure, () => FakeWorld, Record<string, unknown>]>([
    ['restart', restart, healthy, {}],
    ['stop', stop, healthy, { member: 'etcd02' }],
    ['compact', compact, healthy, {}],
    ['defragment', defragment, healthy, {}],
    ['move-leader', moveLeader, healthy, { member: 'etcd03' }],
    ['recover-space', recoverSpace, fullWorld, {}],
  ])('does not keep %s from beginning', async (_name, procedure, make, words) => {
    const world = make();
    changeLooks(world, (look, nth) => (nth === 1 ? withSlow(look, 'etcd01', 'etcd03') : look));

    expect(await endingOf(procedure, world, words)).toMatchObject({ outcome: 'completed' });
  });

  it('is not replaced as one that is down', async () => {
    const world = fresh();
    changeLooks(world, (look, nth) => (nth === 1 ? withSlow(look, 'etcd03') : look));

    const { outcome, summary } = await endingOf(replaceMember, world, input);

    expect(outcome).toBe('failed');
    expect(summary).toContain('etcd03');
    expect(world.effects.log).toEqual([]);
  });
});

describe('a member that is slow when an approval is looked at again', () => {
  it.each<[string, Procedure, () => FakeWorld, Record<string, unknown>]>([
    ['remove-member', replaceMember, failed, input],
    ['put-data-aside', replaceMember, fresh, { ...input, healthy: true }],
    ['restart-without-quorum', restart, () => fakeWorld({ run: 'restart-demo-7f3a9c', members: 2 }), {}],
    ['stop-without-quorum', stop, () => fakeWorld({ run: 'stop-demo-7f3a9c', members: 2 }), { member: 'etcd02' }],
    ['compact', recoverSpace, fullWorld, {}],
  ])('does not void that of %s, whichever look it is, and the run goes on', async (stepId, procedure, make, words) => {
    for (let which = 1; which <= 12; which += 1) {
      const world = make();
      const run = fakeRun({ procedure, world, input: words });
      const came = await run.toEnd((gate) => (gate.stepId === stepId ? undefined : approveAll(gate)));
      if (came.state !== 'waiting') throw new Error(`no gate: ${JSON.stringify(run.entries.at(-1))}`);
      changeLooks(world, (look, nth) => (nth === which ? withSlow(look, 'etcd01') : look));
      run.decide(came.gate.gateId, 'approve');

      const ended = await run.toEnd(keepOld);

      expect(came.gate.stepId).toBe(stepId);
      const outcomes = run.entries.flatMap((entry) => (entry.type === 'gate-settled' ? [entry.outcome] : []));
      expect(outcomes, `look ${which}`).not.toContain('voided');
      expect(ended, `look ${which}`).toMatchObject({ state: 'ended', outcome: 'completed' });
    }
  });
});

describe('one look of a whole run in which a member is slow', () => {
  it.each<[string, Procedure, () => FakeWorld, Record<string, unknown>]>([
    ['replace-member', replaceMember, failed, input],
    ['recover-space', recoverSpace, fullWorld, {}],
    ['restart', restart, healthy, {}],
    ['defragment', defragment, healthy, {}],
    ['move-leader', moveLeader, healthy, { member: 'etcd03' }],
  ])('does not stop %s, whichever it is', async (_name, procedure, make, words) => {
    for (const slow of [['etcd01'], ['etcd01', 'etcd02', 'etcd03']]) {
      for (let which = 1; which <= 60; which += 1) {
        const world = make();
        changeLooks(world, (look, nth) => (nth === which ? withSlow(look, ...slow) : look));

        const { outcome, gate, summary } = await endingOf(procedure, world, words, keepOld);

        const where = `look ${which}, slow ${slow.join(' ')}: ${summary}`;
        expect({ outcome, stopped: gate?.reason }, where).toEqual({ outcome: 'completed', stopped: undefined });
      }
    }
  });
});

describe('a look in the middle of an election', () => {
  it.each([
    ['restart', restart, healthy, ['restart etcd02', 'restart etcd03', 'moveLeader a1', 'restart etcd01']],
    ['recover-space', recoverSpace, fullWorld, ['defragment etcd02', 'defragment etcd03', 'moveLeader a1', 'defragment etcd01']],
  ] as const)('does not let %s take the leader for a follower, whichever look it is', async (_name, procedure, make, order) => {
    for (let which = 1; which <= 40; which += 1) {
      const world = make();
      changeLooks(world, (look, nth) => (nth === which ? withStatus(look, () => ({ leader: undefined })) : look));

      const { outcome } = await endingOf(procedure, world);

      const done = world.effects.log.filter((effect) => /^(?:restart|defragment|moveLeader) /.test(effect));
      expect(done, `look ${which}`).toEqual(order);
      expect(outcome, `look ${which}`).toBe('completed');
    }
  });
});

describe('the member that a snapshot is taken from', () => {
  it('has applied all that the cluster had taken, or the thread says that it has not', async () => {
    const [prompt, late] = [fakeWorld({ run: 'backup-demo-7f3a9c' }), fakeWorld({ run: 'backup-demo-7f3a9c' })];
    const behind = (look: Parameters<typeof withStatus>[0]) =>
      withStatus(look, ({ raftAppliedIndex }, member) => (member === 'etcd02' ? { raftAppliedIndex: raftAppliedIndex - 5n } : {}));
    let looks = 0;
    changeLooks(prompt, (look, nth) => {
      looks = nth;
      return nth < 6 ? behind(look) : look;
    });
    changeLooks(late, behind);

    const [first, second] = [await endingOf(backup, prompt), await endingOf(backup, late)];

    expect(looks).toBeGreaterThanOrEqual(6);
    expect([prompt, late].map(({ effects }) => effects.log)).toEqual([['save etcd02'], ['save etcd02']]);
    expect(first.notes['save-snapshot']).not.toContain('caught up');
    expect(second.notes['save-snapshot']).toContain('etcd02 had not caught up with raft index');
    expect(second.outcome).toBe('completed');
  });

  it('is the one that has applied most, and not one that was cut off and called elections in vain', async () => {
    const world = fakeWorld({ run: 'backup-demo-7f3a9c' });
    changeLooks(world, (look) => ({
      ...withStatus(look, ({ raftAppliedIndex }, member) => ({
        leader: undefined,
        ...(member === 'etcd03' ? { raftTerm: 99n } : { raftAppliedIndex: raftAppliedIndex + (member === 'etcd02' ? 7n : 0n) }),
      })),
      quorum: { ...look.quorum, holds: false },
    }));

    await endingOf(backup, world);

    expect(world.effects.log).toEqual(['save etcd02']);
  });
});
