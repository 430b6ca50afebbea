/** What the engine needs of the outside, declared here and implemented by queue/, slack/ and cli.ts. */
import type { Decision, Gate, Journal, RunRequest } from './journal.ts';

/** Decisions of people at gates, recorded atomically elsewhere (a click may come while no worker looks). */
export interface Decisions {
  /** All that was said at a gate so far, at most one per person, oldest first. Throws when it cannot be read. */
  at(gateId: string): Promise<readonly Decision[]>;
}

/** Takes the news that a run moved. Fire and forget: a recovery never waits for a report. */
export interface Reporter {
  /** The run's journal has grown; whoever renders it reads the journal. */
  moved(run: RunRequest): void;
  /** How far the running step has come; may be dropped. */
  progress(run: RunRequest, stepId: string, text: string): void;
}

/** Time, handed in so that tests own it. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Rules for gates, from the cluster's configuration. */
export interface GateRules {
  /** Distinct approvers needed for a step, and for one after which the cluster has no quorum. */
  readonly required: { readonly general: number; readonly quorumLoss: number };
  readonly approvalExpiresAfterMs: number;
  readonly failureExpiresAfterMs: number;
  /** Whether this person may approve now; asked again when acting. A failed look means no. */
  mayApprove(by: Decision['by'], run: RunRequest, gate: Gate): Promise<boolean>;
  /** Whether this person may break the glass now; asked when it would count. A failed look means no. */
  mayBreakGlass(by: Decision['by'], run: RunRequest, gate: Gate): Promise<boolean>;
}

/** All that advancing a run needs. */
export interface EngineDeps {
  readonly run: RunRequest;
  readonly journal: Journal;
  readonly decisions: Decisions;
  readonly rules: GateRules;
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** Aborts when this worker must let go (shutdown, lost lock): the run goes on elsewhere. Looked at between steps. */
  readonly signal: AbortSignal;
  /** Whether somebody asked to end the run; looked at between steps, never inside one. */
  abortRequested(): Promise<Decision | undefined>;
}

/** What came of advancing a run. */
export type Advance =
  | { readonly state: 'ended'; readonly outcome: import('./journal.ts').RunOutcome }
  /** `until`: when to look again although nobody has spoken, because something said begins to count then. ISO 8601, UTC. */
  | { readonly state: 'waiting'; readonly gate: Gate; readonly until?: string }
  | { readonly state: 'let-go' };
