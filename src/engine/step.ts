/**
 * What a step of a procedure is: it looks (`check`), acts and can be put right by acting again (`change`), destroys behind a gate
 * (`destroy`), or asks people: which way to go on (`choose`), or for a fact that nobody but them can know (`attest`).
 */
import type { Approval } from './approval.ts';
import type { PlannedCommand } from './command.ts';
import type { Finding } from './finding.ts';

/** Reports how far a long step has come; shown beside the step, at most once a second. */
export type Progress = (text: string) => void;

/** What a step gets to work with while it runs. */
export interface StepContext {
  readonly progress: Progress;
  /** False in a plan: what does not hold now is said at once, not waited for. */
  readonly mayWait: boolean;
}

/** What an approval rests on: shown on the gate card and compared again just before acting. Only what the step depends on, or a busy healthy cluster voids everything. */
export type Facts = Readonly<Record<string, string>>;

interface Named {
  /** kebab-case; never renamed once released, because it stands in journals and old threads. */
  readonly id: string;
  /** What the step does, as a person reads it in the checklist. */
  readonly title: string;
}

/** Looks at the world and changes nothing. A `note` of its finding is shown in the thread. */
export interface CheckStep extends Named {
  readonly kind: 'check';
  verify(context: StepContext): Promise<Finding>;
}

interface Acting extends Named {
  /** The commands as an operator would type them. */
  plan(): Promise<readonly PlannedCommand[]>;
  /** Asked before `run` (already true: skipped, and said so) and after it (must become true before `deadlineMs`). */
  verify(context: StepContext): Promise<Finding>;
  /** How long after `run` `verify` may take to become true. */
  readonly deadlineMs?: number;
}

/** Acts on the world; repeating it does no harm. */
export interface ChangeStep extends Acting {
  readonly kind: 'change';
  /** May give a remark for the thread, such as the difference it made in a file. */
  run(context: StepContext): Promise<string | void>;
}

/** Takes away something that may not come back. Runs only with an approval of exactly this plan on exactly these facts. */
export interface DestroyStep extends Acting {
  readonly kind: 'destroy';
  /** What cannot be had back, in words; shown beside the Approve button. */
  readonly loses: string;
  /** How many people must agree: `general` or, when the cluster has no quorum after it, `quorumLoss`. */
  readonly blastRadius: 'general' | 'quorumLoss';
  /** Asked before the plan is shown, and again after the approval. */
  requires(): Promise<Finding>;
  /** What the approval rests on. */
  facts(): Promise<Facts>;
  /** When set, a "no" or no answer skips the step instead of ending the run; the text says what holds then. */
  readonly otherwise?: string;
  run(approval: Approval, context: StepContext): Promise<void>;
}

/** One way to go on, as a choice offers it. */
export interface Option {
  /** kebab-case and unique in its offer; never renamed once released, because it stands in journals. */
  readonly id: string;
  readonly title: string;
  /** Of a possible one: what it does, what is lost, how long it takes. Of an impossible one: why it is not possible. */
  readonly detail: string;
  readonly possible: boolean;
}

/** What a choice shows: the ways there are, the best one first. */
export interface Offer {
  readonly question: string;
  /** What the ranking rests on. */
  readonly facts: Facts;
  readonly options: readonly Option[];
}

/** Lets a person pick one of several ways to go on. Nothing is done by it: the steps that follow depend on it (`Choices`). */
export interface ChooseStep extends Named {
  readonly kind: 'choose';
  /**
   * Looks which ways there are. Asked again when somebody has chosen: the choice counts when that option is still possible with the same
   * title and detail, so neither may hold what moves by itself (an age, a count of seconds).
   */
  offer(): Promise<Offer>;
}

/** What was chosen so far: ids of options by the ids of `choose` steps. */
export type Choices = Readonly<Record<string, string>>;

/** Asks approvers to attest a fact that cannot be proven from here. Nothing is carried out; steps after it may rely on the fact. */
export interface AttestStep extends Named {
  readonly kind: 'attest';
  /** Holds: there is nothing to attest, and the step is settled with the note. Fails: why it must be attested. */
  needed(): Promise<Finding>;
  /** The sentence that is attested. */
  readonly states: string;
  /** What the attestation rests on; compared again before it counts. */
  facts(): Promise<Facts>;
}

/** One line of a procedure. */
export type Step = CheckStep | ChangeStep | DestroyStep | ChooseStep | AttestStep;

type Body<S extends Step> = Omit<S, 'kind' | 'id' | 'title'>;

/** A step that looks. */
export function check(id: string, title: string, verify: CheckStep['verify']): CheckStep {
  return { kind: 'check', id, title, verify };
}

/** A step that acts and can be put right by acting again. */
export function change(id: string, title: string, body: Body<ChangeStep>): ChangeStep {
  return { kind: 'change', id, title, ...body };
}

/** A step that destroys, behind a gate. */
export function destroy(id: string, title: string, body: Body<DestroyStep>): DestroyStep {
  return { kind: 'destroy', id, title, ...body };
}

/** A step at which a person picks the way to go on. */
export function choose(id: string, title: string, body: Body<ChooseStep>): ChooseStep {
  return { kind: 'choose', id, title, ...body };
}

/** A step at which approvers attest a fact, behind a gate as strict as that of a step that costs quorum. */
export function attest(id: string, title: string, body: Body<AttestStep>): AttestStep {
  return { kind: 'attest', id, title, ...body };
}
