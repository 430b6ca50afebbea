/** Carries a procedure to where it stops and gives what people would read there. */
import type { Gate } from '../../src/engine/journal.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** How a run stopped: ended with its summary, or waiting at a gate. */
export interface Ending {
  readonly outcome: string | undefined;
  readonly summary: string;
  readonly gate: Gate | undefined;
  /** The notes of settled steps, by step. */
  readonly notes: Readonly<Record<string, string>>;
}

/** Runs it with these answers; yes to every approval when none are given. */
export async function endingOf(
  procedure: Procedure,
  world: FakeWorld,
  input: Record<string, unknown> = {},
  answers: Answers = approveAll,
): Promise<Ending> {
  const run = fakeRun({ procedure, world, input });
  const came = await run.toEnd(answers);
  const end = run.entries.at(-1);
  return {
    outcome: came.state === 'ended' ? came.outcome : undefined,
    summary: end?.type === 'run-ended' ? end.summary : '',
    gate: came.state === 'waiting' ? came.gate : undefined,
    notes: Object.fromEntries(
      run.entries.flatMap((entry) => (entry.type === 'step-settled' ? [[entry.stepId, entry.note ?? entry.how]] : [])),
    ),
  };
}
