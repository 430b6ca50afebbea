/** What a front (Slack, terminal) may ask about runs. Declared here, implemented in queue/ over Redis. */
import type { ChainVerdict } from './chain.ts';
import type { Decision, Gate, JournalEntry, Requester, RunRequest } from './journal.ts';
import type { RunView } from './view.ts';
import type { ClusterName, RunId, UserId } from '../ids.ts';

/** What came of asking for a run. `held`: another run holds the cluster; nothing was started. */
export type Submission = { readonly state: 'started'; readonly run: RunRequest } | { readonly state: 'held'; readonly by: RunView };

/** What came of deciding at a gate. Whoever decides is told the truth, also when it was too late. */
export type DecisionReceipt =
  | { readonly state: 'recorded'; readonly approvals: number; readonly required: number }
  /** The same person had already said something at this gate; the first word counts. */
  | { readonly state: 'repeated'; readonly earlier: Decision }
  /** At a choice, somebody else's word came first; or a break-glass stands already. */
  | { readonly state: 'forestalled'; readonly earlier: Decision }
  /** There is no break-glass to cancel. */
  | { readonly state: 'nothing' }
  /** The gate is not open any more. */
  | { readonly state: 'closed'; readonly how: string };

/** A question to be answered by a worker. */
export interface QueryRequest {
  readonly verb: string;
  readonly cluster: ClusterName;
  readonly input: unknown;
  readonly requester: Requester;
}

/**
 * The runs there are, and how to start, see, decide and end them.
 * Every method throws OpsError QUEUE_UNAVAILABLE at once when Redis does not answer: then nothing was started or recorded, but for a
 * submission or a word whose answer was lost, which says so.
 */
export interface Runs {
  submit(request: Omit<RunRequest, 'runId' | 'requestedAt'>): Promise<Submission>;
  /** Enqueues a question; the answer is delivered by the report outbox to the requester's channel. Returns the job's id. */
  ask(query: QueryRequest): Promise<string>;
  /** How many workers have said a word lately: with none, a run waits and no question is answered. */
  workers(): Promise<number>;
  /** Newest first, at most `limit`. */
  list(options: { readonly cluster?: ClusterName; readonly limit: number }): Promise<readonly RunView[]>;
  /** What a run was asked to do; needs no journal that can be read. Throws RUN_NOT_FOUND. */
  request(run: RunId): Promise<RunRequest>;
  /** Throws RUN_NOT_FOUND. */
  view(run: RunId): Promise<RunView>;
  /** Throws RUN_NOT_FOUND. */
  journal(run: RunId): Promise<readonly JournalEntry[]>;
  /** Recomputes the chain of a run's journal from what is stored. Throws RUN_NOT_FOUND. */
  verifyJournal(run: RunId): Promise<ChainVerdict>;
  /** The gate a run waits at now, if any. */
  openGate(run: RunId): Promise<Gate | undefined>;
  /** Records what a person said: atomically, once per person and gate; then wakes the run. */
  decide(gateId: string, decision: Omit<Decision, 'at'>): Promise<DecisionReceipt>;
  /** Ends a run: at a gate at once, otherwise between two steps, never inside one. */
  abort(run: RunId, by: UserId): Promise<{ readonly state: 'asked' | 'ended-already' }>;
}
