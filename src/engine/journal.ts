/** The append-only record of a run: the truth after a crash, and all that reports are made of. */
import type { ExecutedCommand, PlannedCommand } from './command.ts';
import type { Facts, Option, Step } from './step.ts';
import type { ClusterName, RunId, UserId } from '../ids.ts';

/** Who asked for a run, from where. */
export interface Requester {
  readonly user: UserId;
  /** The Slack channel the command came from; reports go there. */
  readonly channel: string;
  readonly via: 'slack' | 'terminal';
}

/** What a run was asked to do. `input` has passed the procedure's own schema. */
export interface RunRequest {
  readonly runId: RunId;
  readonly procedure: string;
  readonly cluster: ClusterName;
  readonly input: unknown;
  readonly requester: Requester;
  /** `plan`: show the plan and the facts and change nothing. */
  readonly mode: 'execute' | 'plan';
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
}

/** Why a run waits for a person. */
export type GateKind = 'approval' | 'failure' | 'choice';

/** Where a run waits for a person: everything a gate card shows, and what the approval is bound to. */
export interface Gate {
  /** Unique within all runs: `<runId>.<number>`. */
  readonly gateId: string;
  readonly kind: GateKind;
  readonly stepId: string;
  readonly title: string;
  /** The commands that will be carried out; empty at a failure gate, a choice and an attestation. */
  readonly plan: readonly PlannedCommand[];
  readonly facts: Facts;
  /** What is lost when approved; at a failure gate why the step failed; at a choice the question; at an attestation why it is needed. */
  readonly reason: string;
  /** What to do next, at a failure gate. */
  readonly hint?: string;
  /** What holds when nobody approves (an optional step). */
  readonly otherwise?: string;
  /** The ways there are, at a choice; the best one first. */
  readonly options?: readonly Option[];
  /** The sentence that is attested, at an approval that carries nothing out. */
  readonly attests?: string;
  /** sha256 over all that is shown and must not move: step, plan, facts, loss, options. */
  readonly digest: string;
  /** Distinct approvers needed; 1 where one word of anybody who may speak decides. */
  readonly required: number;
  /** What an approver types, letter by letter, beside the yes: the cluster's name, where quorum or the last good data is at stake. */
  readonly confirm?: ClusterName;
  /** ISO 8601, UTC. */
  readonly openedAt: string;
  readonly expiresAt: string;
}

/** What one person said at a gate. */
export interface Decision {
  readonly verdict: 'approve' | 'reject' | 'retry' | 'abort' | 'choose' | 'break-glass' | 'cancel-break-glass';
  /** The id of the option, with `choose`. */
  readonly option?: string;
  /** What was typed beside an `approve` or a `break-glass`; it counts only when it is what the gate's `confirm` says. */
  readonly typed?: string;
  /** Why, with `break-glass`. */
  readonly reason?: string;
  /** How long a `break-glass` can be cancelled before it counts. */
  readonly delayMs?: number;
  readonly by: UserId;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** How a gate was settled. `voided`: plan or facts moved, so the approval no longer counts, or what was chosen is not offered any more. */
export type GateOutcome = 'approved' | 'chosen' | 'rejected' | 'expired' | 'voided' | 'retried' | 'aborted';

/** A step as the checklist shows it. */
export interface StepLine {
  readonly id: string;
  readonly title: string;
  readonly kind: Step['kind'];
}

/** How a run ended. */
export type RunOutcome = 'completed' | 'aborted' | 'rejected' | 'expired' | 'planned' | 'failed';

/** One thing that happened in a run. */
export type JournalEvent =
  | { readonly type: 'run-prepared'; readonly prepared: unknown; readonly steps: readonly StepLine[]; readonly summary: string }
  | { readonly type: 'step-started'; readonly stepId: string; readonly plan: readonly PlannedCommand[]; readonly gateId?: string }
  | { readonly type: 'step-resumed'; readonly stepId: string }
  | { readonly type: 'command'; readonly stepId: string; readonly command: ExecutedCommand }
  | {
      readonly type: 'step-settled';
      readonly stepId: string;
      readonly how: 'done' | 'already-true' | 'declined' | 'planned';
      readonly note?: string;
      readonly plan?: readonly PlannedCommand[];
      /** At a choice: the option, and all steps as they follow from it, from the first. */
      readonly chosen?: { readonly option: string; readonly steps: readonly StepLine[] };
      /** Of a plan: as things are, the run would not get past this step. */
      readonly stops?: true;
      readonly durationMs: number;
    }
  | { readonly type: 'step-failed'; readonly stepId: string; readonly code: string; readonly because: string; readonly hint: string }
  | { readonly type: 'gate-opened'; readonly gate: Gate }
  /** Somebody broke the glass, or cancelled that: it stands in the journal, and so in the thread, before it counts. */
  | { readonly type: 'gate-said'; readonly gateId: string; readonly decision: Decision }
  | {
      readonly type: 'gate-settled';
      readonly gateId: string;
      readonly outcome: GateOutcome;
      readonly decisions: readonly Decision[];
      /** What moved, when voided. */
      readonly difference?: string;
    }
  | { readonly type: 'run-ended'; readonly outcome: RunOutcome; readonly summary: string };

/** An event with its place and time. */
export type JournalEntry = JournalEvent & {
  /** 0 for the first; without gaps. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What the next entry is chained to (chain.ts); absent in entries of a version that had no chain. */
  readonly hash?: string;
};

/** The record of one run. A failed append means the run stops: what is not recorded is not done. */
export interface Journal {
  append(event: JournalEvent): Promise<JournalEntry>;
  /** All entries, oldest first. */
  entries(): Promise<readonly JournalEntry[]>;
}
