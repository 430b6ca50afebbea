/** Undoing what was cut in the middle, and an undo that is cut itself. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { RunId } from '../../src/ids.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { otherwise } from '../fakes/otherwise.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { endingOf } from './ending.ts';
import { afterRun, everywhere, input, refusal, restoredWhileHealthy, undoRun, writtenOnce } from './undoable.ts';

const next = RunId.parse('undo-demo-bbbbbb');

const silent = () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd03 does not answer.'));

/** The third host goes off while data is swapped, and the run is aborted. */
async function cutRestore(): Promise<FakeWorld> {
  const world = await writtenOnce();
  otherwise(world.hosts[2], 'swap', silent);
  const answers = (gate: { kind: string }) => (gate.kind === 'failure' ? ('abort' as const) : ('approve' as const));
  return afterRun(world, { procedure: restore, input: { 'while-healthy': true }, answers });
}

describe('an undo of a run that was cut in the middle', () => {
  it('puts back where data was replaced, leaves it where it was not, and starts all', async () => {
    const world = await cutRestore();

    const { outcome } = await endingOf(undo, world, input);

    expect(outcome).toBe('completed');
    expect(world.effects.log.filter((effect) => effect.startsWith('returnAside'))).toEqual(['returnAside etcd01', 'returnAside etcd02']);
    expect(everywhere(world, '/name/2')).toEqual(Array(3).fill('after the snapshot'));
    expect([...world.site.machines.values()].every(({ unit }) => unit.active)).toBe(true);
  });

  it('cannot be undone itself: there is no whole cluster to go back to', async () => {
    const world = await afterRun(await cutRestore(), { procedure: undo, input, next });

    expect(await refusal(world, undoRun)).toContain('undid a run that was cut in the middle: on etcd03 data was never replaced');
  });

  it('that was itself aborted half-way can be finished, or taken back, by another undo', async () => {
    const half = async () => {
      const world = await restoredWhileHealthy();
      otherwise(world.hosts[2], 'put-back', silent);
      return afterRun(world, {
        procedure: undo,
        input,
        answers: (gate) => (gate.kind === 'failure' ? 'abort' : 'approve'),
        next,
      });
    };
    const finished = await half();
    const takenBack = await half();

    expect(await endingOf(undo, finished, input)).toMatchObject({ outcome: 'completed' });
    expect(await endingOf(undo, takenBack, { run: undoRun })).toMatchObject({ outcome: 'completed' });

    expect(everywhere(finished, '/name/3')).toEqual(Array(3).fill(undefined));
    expect(everywhere(takenBack, '/name/3')).toEqual(Array(3).fill('after the restore'));
  });

  it('says how each host stands and how to go either way when it is aborted', async () => {
    const world = await restoredWhileHealthy();
    otherwise(world.hosts[2], 'put-back', silent);

    const { outcome, summary } = await endingOf(undo, world, input, (gate) => (gate.kind === 'failure' ? 'abort' : 'approve'));

    expect(outcome).toBe('aborted');
    expect(summary).toContain(
      'etcd01: etcd is inactive and masked; the data of before is in /data/etcd/data, what was in place is in /data/etcd/data.undo-demo-aaaaaa.old.',
    );
    expect(summary).toContain('etcd03: etcd is inactive and masked, its data is where it was.');
    expect(summary).toContain('To finish it: `undo restore-demo-7f3a9c`. To go back to how it was: `undo undo-demo-aaaaaa`.');
  });

  it('advises no start by hand while hosts have data of different clusters in place', async () => {
    const whole = await endingOf(undo, await maskedBefore(await restoredWhileHealthy()), input, () => 'reject');
    const mixed = await endingOf(undo, await cutRestore(), input, () => 'reject');

    expect(whole.summary).toContain('To start it again:\netcd01$ systemctl unmask etcd\netcd01$ systemctl start etcd\netcd02$');
    expect(mixed.summary).not.toContain('systemctl start');
    expect(mixed.summary).toContain('To finish it: `undo restore-demo-7f3a9c`. Until then start nothing by hand on demo');
  });
});

async function maskedBefore(world: FakeWorld): Promise<FakeWorld> {
  for (const machine of world.site.machines.values()) machine.unit = { active: false, masked: true };
  return world;
}
