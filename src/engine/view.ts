/** A run as people see it, made from its journal and nothing else. */
import type { PlannedCommand } from './command.ts';
import type { Decision, Gate, GateOutcome, JournalEntry, RunOutcome, RunRequest, StepLine } from './journal.ts';

/** Where a step stands. `waiting`: at its gate. */
export type StepState = 'pending' | 'running' | 'waiting' | 'done' | 'already-true' | 'declined' | 'planned' | 'failed';

/** A step with all that a thread says of it. */
export interface StepView extends StepLine {
  readonly state: StepState;
  readonly note?: string;
  readonly plan?: readonly PlannedCommand[];
  /** Why it failed, and what to do. */
  readonly failure?: { readonly because: string; readonly hint: string; readonly code: string };
  readonly startedAt?: string;
  readonly durationMs?: number;
  /** How far it has come, while it runs. */
  readonly progress?: string;
}

/** A gate with its outcome, if it has one. */
export interface GateView {
  readonly gate: Gate;
  readonly outcome?: GateOutcome;
  readonly decisions: readonly Decision[];
  readonly difference?: string;
  readonly settledAt?: string;
}

/** Where a run stands. */
export type RunState = 'queued' | 'running' | 'waiting' | 'ended';

/** A run as people see it. */
export interface RunView {
  readonly run: RunRequest;
  readonly state: RunState;
  readonly outcome?: RunOutcome;
  /** What was settled when it began: `restore 20261122T070409Z-rev7, taken 12 minutes ago`. */
  readonly summary?: string;
  /** The final report. */
  readonly conclusion?: string;
  readonly steps: readonly StepView[];
  readonly gates: readonly GateView[];
  /** The gate it waits at. */
  readonly openGate?: Gate;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

type Change = { -readonly [K in keyof StepView]: StepView[K] };

/** Folds a journal into what people see. An empty journal is a queued run. */
export function viewOf(run: RunRequest, entries: readonly JournalEntry[], progress?: { readonly stepId: string; readonly text: string }): RunView {
  const steps = new Map<string, Change>();
  const gates = new Map<string, { -readonly [K in keyof GateView]: GateView[K] }>();
  let summary: string | undefined;
  let end: { outcome: RunOutcome; summary: string; at: string } | undefined;
  let startedAt: string | undefined;
  for (const entry of entries) {
    switch (entry.type) {
      case 'run-prepared':
        summary = entry.summary;
        startedAt = entry.at;
        for (const line of entry.steps) steps.set(line.id, { ...line, state: 'pending' });
        break;
      case 'step-started':
        update(steps, entry.stepId, { state: 'running', startedAt: entry.at, plan: entry.plan, failure: undefined });
        break;
      case 'step-resumed':
        update(steps, entry.stepId, { state: 'running' });
        break;
      case 'step-settled':
        update(steps, entry.stepId, { state: entry.how, durationMs: entry.durationMs, note: entry.note, plan: entry.plan, failure: undefined });
        break;
      case 'step-failed':
        update(steps, entry.stepId, { state: 'failed', failure: { because: entry.because, hint: entry.hint, code: entry.code } });
        break;
      case 'gate-opened':
        gates.set(entry.gate.gateId, { gate: entry.gate, decisions: [] });
        if (entry.gate.kind === 'approval') update(steps, entry.gate.stepId, { state: 'waiting' });
        break;
      case 'gate-settled': {
        const gate = gates.get(entry.gateId);
        if (gate === undefined) break;
        Object.assign(gate, { outcome: entry.outcome, decisions: entry.decisions, settledAt: entry.at });
        if (entry.difference !== undefined) gate.difference = entry.difference;
        if (gate.gate.kind === 'approval') update(steps, gate.gate.stepId, { state: 'pending' });
        break;
      }
      case 'run-ended':
        end = { outcome: entry.outcome, summary: entry.summary, at: entry.at };
        break;
      case 'command':
        break;
      default:
        entry satisfies never;
    }
  }
  const gateViews = [...gates.values()];
  const openGate = end === undefined ? gateViews.find((gate) => gate.outcome === undefined)?.gate : undefined;
  const shown = progress === undefined ? undefined : steps.get(progress.stepId)?.state;
  if (progress !== undefined && (shown === 'running' || shown === 'waiting')) update(steps, progress.stepId, { progress: progress.text });
  return {
    run,
    state: end !== undefined ? 'ended' : openGate !== undefined ? 'waiting' : entries.length === 0 ? 'queued' : 'running',
    steps: [...steps.values()],
    gates: gateViews,
    ...(summary !== undefined && { summary }),
    ...(openGate !== undefined && { openGate }),
    ...(startedAt !== undefined && { startedAt }),
    ...(end !== undefined && { outcome: end.outcome, conclusion: end.summary, endedAt: end.at }),
  };
}

function update(steps: Map<string, Change>, stepId: string, change: { [K in keyof StepView]?: StepView[K] | undefined }): void {
  const step = steps.get(stepId);
  if (step === undefined) return;
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) delete step[key as keyof Change];
    else Object.assign(step, { [key]: value });
  }
}
