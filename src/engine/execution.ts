/** One advance of a run in progress: its journal, its replayed state, and the small acts every step shares. */
import type { CommandLog } from './command-log.ts';
import type { Gate, GateKind, JournalEntry, JournalEvent, RunOutcome, StepLine } from './journal.ts';
import type { Advance, EngineDeps } from './ports.ts';
import { applyEntry, replay } from './replay.ts';
import type { Replay } from './replay.ts';
import type { Choices, Step, StepContext } from './step.ts';
import { mustLetGo } from './tenure.ts';
import { isOpsError } from '../errors.ts';

/** A procedure as the engine sees it: something to settle first, then steps made from that. */
export interface Script {
  prepare(): Promise<{ readonly prepared: unknown; readonly summary: string }>;
  /** Pure; called anew on every resume and after every choice. The steps up to a choice do not depend on it. */
  steps(prepared: unknown, choices: Choices): readonly Step[];
  /** The sentences of the final report. */
  conclude(prepared: unknown, choices: Choices): Promise<string>;
  /** Tidies up and says how things stand, when the run ends without having been completed. Safe to repeat. */
  abandon(prepared: unknown, choices: Choices): Promise<string>;
}

/** What `advance` takes. */
export interface AdvanceDeps extends EngineDeps {
  readonly script: Script;
  readonly commands: CommandLog;
}

/** Why a step did not get done, in words for a person. */
export interface Failure {
  readonly code: string;
  readonly because: string;
  readonly hint: string;
}

/** What came of one step: go on, or leave the loop. */
export type StepResult = { readonly next: 'step' } | { readonly next: 'leave'; readonly advance: Advance };

/** The next step may begin. */
export const goOn: StepResult = { next: 'step' };

/** A run while one worker advances it. */
export class Execution {
  readonly deps: AdvanceDeps;
  readonly state: Replay;

  private constructor(deps: AdvanceDeps, entries: readonly JournalEntry[]) {
    this.deps = deps;
    this.state = replay(entries);
  }

  /** Reads the journal and makes the state of it. */
  static async open(deps: AdvanceDeps): Promise<Execution> {
    return new Execution(deps, await deps.journal.entries());
  }

  /** Records an event, then tells the reporter; an event that cannot be recorded stops the run here. */
  async record(event: JournalEvent): Promise<void> {
    const entry = await this.deps.journal.append(event);
    applyEntry(this.state, entry);
    this.deps.reporter.moved(this.deps.run);
  }

  /** Opens a gate and leaves the loop. */
  async wait(opening: Omit<Gate, 'gateId' | 'openedAt' | 'expiresAt'>): Promise<StepResult> {
    const now = this.deps.clock.now();
    const gate: Gate = {
      ...opening,
      gateId: `${this.deps.run.runId}.${this.state.gates.length + 1}`,
      openedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + this.expiresAfterMs(opening.kind)).toISOString(),
    };
    await this.record({ type: 'gate-opened', gate });
    return { next: 'leave', advance: { state: 'waiting', gate } };
  }

  /** Records the failure of a step and waits for Retry or Abort. */
  async fail(step: Step, failure: Failure): Promise<StepResult> {
    await this.record({ type: 'step-failed', stepId: step.id, ...failure });
    return this.wait({
      kind: 'failure',
      stepId: step.id,
      title: step.title,
      plan: [],
      facts: {},
      reason: failure.because,
      hint: failure.hint,
      digest: '',
      required: 1,
    });
  }

  /** Ends a run that people ended: tidied up as far as that can be done, with what holds now and what to do by hand. */
  async abandon(outcome: RunOutcome, summary: string): Promise<StepResult> {
    const { commands, journal, script } = this.deps;
    commands.attach((command) => journal.append({ type: 'command', stepId: 'abandon', command }));
    const standing = await script
      .abandon(this.state.prepared, this.state.choices)
      .catch((error: unknown) => `It could not be tidied up: ${failureOf(error).because}`);
    await commands.flush();
    return this.end(outcome, [summary, standing].filter(Boolean).join('\n'));
  }

  /** Records the end of the run and leaves the loop. */
  async end(outcome: RunOutcome, summary: string): Promise<StepResult> {
    await this.record({ type: 'run-ended', outcome, summary });
    return { next: 'leave', advance: { state: 'ended', outcome } };
  }

  /** What the steps get to work with. */
  contextOf(step: Step): StepContext {
    return { mayWait: this.deps.run.mode === 'execute', progress: (text) => this.deps.reporter.progress(this.deps.run, step.id, text) };
  }

  /** Milliseconds since an instant. */
  since(start: Date): number {
    return this.deps.clock.now().getTime() - start.getTime();
  }

  private expiresAfterMs(kind: GateKind): number {
    return kind === 'failure' ? this.deps.rules.failureExpiresAfterMs : this.deps.rules.approvalExpiresAfterMs;
  }
}

/** Which steps have changed something, in a sentence. */
export function doneSoFar({ settled }: Pick<Replay, 'settled'>, steps: readonly Step[]): string {
  const done = steps.filter(({ id, kind }) => settled.has(id) && (kind === 'change' || kind === 'destroy')).map(({ id }) => id);
  return done.length === 0 ? 'Nothing was changed.' : `Done: ${done.join(', ')}.`;
}

/** Steps as the checklist shows them. */
export function linesOf(steps: readonly Step[]): readonly StepLine[] {
  return steps.map(({ id, title, kind }) => ({ id, title, kind }));
}

/**
 * Turns what was thrown into words for a person; anything that is not an OpsError is a fault of ours and says so.
 * @throws what means that this worker must let the run go: no failure of a step, and not to be recorded as one
 */
export function failureOf(error: unknown): Failure {
  if (mustLetGo(error)) throw error;
  if (isOpsError(error)) return { code: error.code, because: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    because: `etcd-medic met an error of its own: ${message}`,
    hint: 'Nothing more was done. Press Retry to try the same step again, or finish by hand and report this as a bug.',
  };
}
