/** Kills a procedure before, in the middle of and after every effect, resumes it, and asserts that it ends as if nothing had happened. */
import { describe, expect, it } from 'vitest';
import type { JournalEntry, RunOutcome } from '../../src/engine/journal.ts';
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
  /** How the run ends; completed when not given. */
  readonly outcome?: RunOutcome;
  /** What must hold at the end, beside the log. */
  readonly restored: (world: FakeWorld) => void | Promise<void>;
}

const moments = ['before', 'middle', 'after'] as const;

/** Declares the crash tests of one procedure. */
export function describeCrashPoints({
  procedure,
  world,
  input = {},
  answers = approveAll,
  gated,
  restored,
  outcome = 'completed',
}: CrashPointOptions): void {
  const whole = async () => {
    const undisturbed = await world();
    const run = fakeRun({ procedure, world: undisturbed, input });
    const came = await run.toEnd(answers);
    expect(came).toEqual({ state: 'ended', outcome });
    return { undisturbed, asked: gatesOf(run.entries) };
  };

  describe(`${procedure.id} that is ${outcome}, at every crash point`, () => {
    it('converges, with each effect once, wherever it is killed', async () => {
      const { undisturbed, asked } = await whole();
      await restored(undisturbed);
      const expected = undisturbed.effects.log.toSorted();
      expect(new Set(expected).size).toBe(expected.length);
      for (const point of pointsOf(undisturbed)) {
        const killed = await world();
        killed.effects.crashAt(point);

        const run = fakeRun({ procedure, world: killed, input });
        const came = await run.toEnd(answers);

        const where = `killed ${point.moment} effect ${point.effect}`;
        expect(came, where).toEqual({ state: 'ended', outcome });
        expect(killed.effects.log.toSorted(), where).toEqual(expected);
        // Nobody is asked twice: what was answered before the crash still counts.
        expect(gatesOf(run.entries), where).toEqual(asked);
        await restored(killed);
      }
    });

    it('does nothing past a closed gate, wherever it is killed', async () => {
      const { undisturbed } = await whole();
      for (const point of pointsOf(undisturbed)) {
        const unanswered = await world();
        unanswered.effects.crashAt(point);

        // A choice and an attestation carry nothing out, so they are answered: what lies behind them must be gated by itself.
        await fakeRun({ procedure, world: unanswered, input }).toEnd((gate) =>
          gate.kind === 'choice' || gate.attests !== undefined ? answers(gate) : undefined,
        );

        const past = unanswered.effects.log.filter((effect) => gated.includes(effect.split(' ')[0] ?? ''));
        expect(past, `killed ${point.moment} effect ${point.effect}`).toEqual([]);
      }
    });
  });
}

function gatesOf(entries: readonly JournalEntry[]): string[] {
  return entries.flatMap((entry) => (entry.type === 'gate-opened' ? [entry.gate.stepId] : []));
}

function pointsOf({ effects }: FakeWorld): CrashPoint[] {
  return Array.from({ length: effects.begun }, (_, effect) => moments.map((moment) => ({ effect, moment }))).flat();
}
