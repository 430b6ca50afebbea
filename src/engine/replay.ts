/** What a journal says is settled, in doubt and open: where a run goes on after a crash. */
import type { Gate, GateOutcome, Decision, JournalEntry, RunOutcome } from './journal.ts';
import type { Announced } from './break-glass.ts';
import type { Choices } from './step.ts';

/** A gate with what became of it. */
export interface GateRecord {
  readonly gate: Gate;
  outcome?: GateOutcome;
  decisions: readonly Decision[];
  /** What was said about breaking the glass, oldest first. */
  readonly said: Announced[];
  /** The step failed after it had begun under this gate's approval: a retry needs a new one. */
  consumed: boolean;
}

/** The state of a run, folded from its journal. */
export interface Replay {
  prepared?: unknown;
  isPrepared: boolean;
  ended?: RunOutcome;
  readonly settled: Set<string>;
  /** Steps that a plan would not get past. */
  readonly stops: Set<string>;
  /** What people chose so far. */
  choices: Choices;
  /** Steps that began and neither settled nor failed: cut in the middle. */
  readonly inDoubt: Map<string, { readonly gateId?: string }>;
  readonly gates: GateRecord[];
}

/** Folds a journal. */
export function replay(entries: readonly JournalEntry[]): Replay {
  const state: Replay = { isPrepared: false, settled: new Set(), stops: new Set(), choices: {}, inDoubt: new Map(), gates: [] };
  for (const entry of entries) applyEntry(state, entry);
  return state;
}

/** Applies one more entry, as `replay` would have. */
export function applyEntry(state: Replay, entry: JournalEntry): void {
  switch (entry.type) {
    case 'run-prepared':
      state.isPrepared = true;
      state.prepared = entry.prepared;
      break;
    case 'step-started':
      state.inDoubt.set(entry.stepId, entry.gateId === undefined ? {} : { gateId: entry.gateId });
      break;
    case 'step-settled':
      state.inDoubt.delete(entry.stepId);
      state.settled.add(entry.stepId);
      if (entry.stops === true) state.stops.add(entry.stepId);
      if (entry.chosen !== undefined) state.choices = { ...state.choices, [entry.stepId]: entry.chosen.option };
      break;
    case 'step-failed': {
      const gateId = state.inDoubt.get(entry.stepId)?.gateId;
      for (const record of state.gates) if (record.gate.gateId === gateId) record.consumed = true;
      state.inDoubt.delete(entry.stepId);
      break;
    }
    case 'gate-opened':
      state.gates.push({ gate: entry.gate, decisions: [], said: [], consumed: false });
      break;
    case 'gate-said':
      for (const { gate, said } of state.gates) if (gate.gateId === entry.gateId) said.push({ decision: entry.decision, at: entry.at });
      break;
    case 'gate-settled':
      for (const record of state.gates) {
        if (record.gate.gateId !== entry.gateId) continue;
        record.outcome = entry.outcome;
        record.decisions = entry.decisions;
      }
      break;
    case 'run-ended':
      state.ended = entry.outcome;
      break;
    case 'step-resumed':
    case 'command':
      break;
    default:
      entry satisfies never;
  }
}

/** The gate a run waits at, if any. */
export function openGateOf(state: Replay): GateRecord | undefined {
  return state.gates.find((record) => record.outcome === undefined);
}
