/** Kills a procedure before, in the middle of and after every effect, resumes it, and asserts that it ends as if nothing had happened. */
import { describe, expect, it } from 'vitest';
import type { Procedure } from '../../src/procedures/procedure.ts';
import type { CrashPoint } from '../fakes/effects.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';

interface CrashPointOptions {
  readonly procedure: Procedure;
  /** A fresh, broken world. */
  readonly world: () => FakeWorld | Promise<FakeWorld>;
  readonly input?: Record<string, unknown>;
  readonly answers?: Answers;
  /** Effects that need an approval, by the first word in the log: none of them may happen past a closed gate. */
  readonly gated: readonly string[];
  /** What must hold at the end, beside the log. */
  readonly restored: (world: FakeWorld) => void | Promise<void>;
}

const moments = ['before', 'middle', 'after'] as const;

/** Declares the crash tests of one procedure. */
export function describeCrashPoints({ procedure, world, input = {}, answers = approveAll, gated, restored }: CrashPointOptions): void {
  const whole = async () => {
    const undisturbed = await world();
    const came = await fakeRun({ procedure, world: undisturbed, input }).toEnd(answers);
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    return undisturbed;
  };

  describe(`${procedure.id} at every crash point`, () => {
    it('converges, with each effect once, wherever it is killed', async () => {
      const undisturbed = await whole();
      await restored(undisturbed);
      const expected = undisturbed.effects.log.toSorted();
      expect(new Set(expected).size).toBe(expected.length);
      for (const point of pointsOf(undisturbed)) {
        const killed = await world();
        killed.effects.crashAt(point);

        const came = await fakeRun({ procedure, world: killed, input }).toEnd(answers);

        const where = `killed ${point.moment} effect ${point.effect}`;
        expect(came, where).toEqual({ state: 'ended', outcome: 'completed' });
        expect(killed.effects.log.toSorted(), where).toEqual(expected);
        await restored(killed);
      }
    });

    it('does nothing past a closed gate, wherever it is killed', async () => {
      const undisturbed = await whole();
      for (const point of pointsOf(undisturbed)) {
        const unanswered = await world();
        unanswered.effects.crashAt(point);

        await fakeRun({ procedure, world: unanswered, input }).toEnd(() => undefined);

        const past = unanswered.effects.log.filter((effect) => gated.includes(effect.split(' ')[0] ?? ''));
        expect(past, `killed ${point.moment} effect ${point.effect}`).toEqual([]);
      }
    });
  });
}

function pointsOf({ effects }: FakeWorld): CrashPoint[] {
  return Array.from({ length: effects.begun }, (_, effect) => moments.map((moment) => ({ effect, moment }))).flat();
}
