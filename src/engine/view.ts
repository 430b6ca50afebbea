/** A run as people see it, made from its journal and nothing else. */
import type { Announced } from './break-glass.ts';
import type { Head } from './chain.ts';
import type { PlannedCommand } from './command.ts';
import type { Decision, Gate, GateOutcome, JournalEntry, RunOutcome, RunRequest, StepLine } from './journal.ts';

/** Where a step stands. `waiting`: at its gate. */
export type StepState = 'pending' | 'running' | 'waiting' | 'done' | 'already-true' | 'declined' | 'planned' | 'failed';

/** A step with all that a thread says of it. */
export interface StepView extends StepLine {
  readonly state: StepState;
  readonly note?: string;
  readonly plan?: readonly PlannedCommand[];
  /** Of a plan: as things are, the run would not get past it. */
  readonly stops?: true;
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
  /** What was said about breaking the glass, oldest first. */
  readonly said?: readonly Announced[];
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
  /** How far its journal goes and the hash of the last entry; absent when that has none. */
  readonly head?: Head;
}

type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** What the fold has gathered so far. */
interface Gathered {
  steps: Map<string, Changing<StepView>>;
  readonly gates: Map<string, Changing<GateView>>;
  summary?: string;
  startedAt?: string;
  end?: { readonly outcome: RunOutcome; readonly conclusion: string; readonly endedAt: string };
}

/** Folds a journal into what people see. An empty journal is a queued run. */
export function viewOf(
  run: RunRequest,
  entries: readonly JournalEntry[],
  progress?: { readonly stepId: string; readonly text: string },
): RunView {
  const gathered: Gathered = { steps: new Map(), gates: new Map() };
  for (const entry of entries) gather(gathered, entry);
  const { steps, summary, startedAt, end } = gathered;
  const gates = [...gathered.gates.values()];
  const openGate = end === undefined ? gates.find((gate) => gate.outcome === undefined)?.gate : undefined;
  const hash = entries.at(-1)?.hash;
  const progressing = progress === undefined ? undefined : steps.get(progress.stepId);
  if (progress !== undefined && (progressing?.state === 'running' || progressing?.state === 'waiting')) {
    update(steps, progress.stepId, { progress: progress.text });
  }
  return {
    run,
    state: end !== undefined ? 'ended' : openGate !== undefined ? 'waiting' : entries.length === 0 ? 'queued' : 'running',
    steps: [...steps.values()],
    gates,
    ...(summary !== undefined && { summary }),
    ...(openGate !== undefined && { openGate }),
    ...(startedAt !== undefined && { startedAt }),
    ...(hash !== undefined && { head: { entries: entries.length, hash } }),
    ...end,
  };
}

function gather(gathered: Gathered, entry: JournalEntry): void {
  const { steps } = gathered;
  switch (entry.type) {
    case 'run-prepared':
      gathered.summary = entry.summary;
      gathered.startedAt = entry.at;
      for (const line of entry.steps) steps.set(line.id, { ...line, state: 'pending' });
      break;
    case 'step-started':
      return update(steps, entry.stepId, { state: 'running', startedAt: entry.at, plan: entry.plan, failure: undefined });
    case 'step-resumed':
      return update(steps, entry.stepId, { state: 'running' });
    case 'step-settled': {
      const { how, durationMs, note, plan, chosen, stops } = entry;
      if (chosen !== undefined) gathered.steps = following(steps, chosen.steps);
      return update(gathered.steps, entry.stepId, { state: how, durationMs, note, plan, stops, failure: undefined });
    }
    case 'step-failed': {
      const { because, hint, code } = entry;
      return update(steps, entry.stepId, { state: 'failed', failure: { because, hint, code } });
    }
    case 'gate-opened':
      gathered.gates.set(entry.gate.gateId, { gate: entry.gate, decisions: [], said: [] });
      if (entry.gate.kind !== 'failure') update(steps, entry.gate.stepId, { state: 'waiting' });
      break;
    case 'gate-said': {
      const { decision, at } = entry;
      const view = gathered.gates.get(entry.gateId);
      if (view !== undefined) view.said = [...(view.said ?? []), { decision, at }];
      break;
    }
    case 'gate-settled':
      return settle(gathered, entry);
    case 'run-ended':
      gathered.end = { outcome: entry.outcome, conclusion: entry.summary, endedAt: entry.at };
      break;
    case 'command':
      break;
    default:
      entry satisfies never;
  }
}

/** The checklist after a choice: what is known of a step stays with it. */
function following(steps: Gathered['steps'], lines: readonly StepLine[]): Gathered['steps'] {
  return new Map(lines.map((line) => [line.id, { ...(steps.get(line.id) ?? { state: 'pending' }), ...line }]));
}

function settle({ gates, steps }: Gathered, entry: Extract<JournalEntry, { type: 'gate-settled' }>): void {
  const view = gates.get(entry.gateId);
  if (view === undefined) return;
  Object.assign(view, { outcome: entry.outcome, decisions: entry.decisions, settledAt: entry.at });
  if (entry.difference !== undefined) view.difference = entry.difference;
  if (view.gate.kind !== 'failure') update(steps, view.gate.stepId, { state: 'pending' });
}

function update(steps: Gathered['steps'], stepId: string, change: { [K in keyof StepView]?: StepView[K] | undefined }): void {
  const step = steps.get(stepId);
  if (step === undefined) return;
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) delete step[key as keyof StepView];
    else Object.assign(step, { [key]: value });
  }
}
