/** Makes a run's messages in Slack match the run: safe to repeat at any time, and each message stands there once. */
import type { GlassRules } from '../commands/break-glass.ts';
import type { Cluster } from '../config/schema.ts';
import type { JournalEntry } from '../engine/journal.ts';
import type { Clock, Decisions } from '../engine/ports.ts';
import type { RunView } from '../engine/view.ts';
import { isOpsError } from '../errors.ts';
import { rootMessage } from './blocks/root.ts';
import type { Clients } from './clients.ts';
import { limits } from './limits.ts';
import type { Names } from './names.ts';
import { edit, post, upload } from './post.ts';
import { wantedReplies } from './replies.ts';
import type { Wanted } from './replies.ts';
import type { ThreadRecord, ThreadState } from './thread-state.ts';
import { timelineFile } from './timeline.ts';

/** What rendering needs. */
export interface ThreadDeps {
  readonly clients: Clients;
  readonly state: ThreadState;
  readonly clusters: Readonly<Record<string, Pick<Cluster, 'approvers' | 'operators'> & GlassRules>>;
  readonly names: Names;
  /** What was said at a gate that is still open. */
  readonly decisions: Decisions;
  readonly clock: Pick<Clock, 'now'>;
}

/** `waitMs`: an edit of progress was left out; render again after this long. */
export interface Rendered {
  readonly complete: boolean;
  readonly waitMs: number;
}

/**
 * Renders one run. What is posted is remembered at once, so that after any fault the next call goes on where this one stopped.
 * Only one call at a time for a run: whoever gives up waiting aborts the signal, and no further message is posted after that.
 * @throws OpsError SLACK_RATE_LIMITED (`details.retryAfterMs`), SLACK_UNREACHABLE or SLACK_REFUSED: the outbox tries again
 */
export async function renderRun(
  deps: ThreadDeps,
  view: RunView,
  entries: readonly JournalEntry[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const record = (await deps.state.get(view.run.runId)) ?? (await begin(deps, view, entries));
  const said = view.openGate === undefined ? [] : await deps.decisions.at(view.openGate.gateId);
  const { approvers = [], operators = [], approvals } = deps.clusters[view.run.cluster] ?? {};
  const delayMs = approvals?.breakGlass?.delay;
  const people = { approvers, operators, ...(delayMs !== undefined && { breakGlassDelayMs: delayMs }) };
  const present = { decisions: said, now: deps.clock.now() };
  const withReplies = await reply(deps, view, record, wantedReplies(view, entries, people, present), signal);
  if (signal?.aborted === true) return { complete: false, waitMs: 0 };
  const { rendered, record: current } = await bringRootUp(deps, view, entries, withReplies);
  if (rendered.complete) await addTimeline(deps, view, entries, current);
  return rendered;
}

async function begin(deps: ThreadDeps, view: RunView, entries: readonly JournalEntry[]): Promise<ThreadRecord> {
  const { run } = view;
  const message = rootMessage(view, entries);
  const { channel, ts } = await post(deps.clients.arrival, { channel: run.requester.channel }, message, { run: run.runId, key: 'root' });
  return remember(deps, view, { channel, root: { ts, digest: message.digest }, rootEditedAt: deps.clock.now().toISOString(), replies: {} });
}

async function remember(deps: ThreadDeps, { run }: RunView, record: ThreadRecord): Promise<ThreadRecord> {
  await deps.state.set(run.runId, record);
  return record;
}

async function reply(
  deps: ThreadDeps,
  view: RunView,
  first: ThreadRecord,
  wanted: readonly Wanted[],
  signal: AbortSignal | undefined,
): Promise<ThreadRecord> {
  let record = first;
  for (const one of wanted) {
    if (signal?.aborted === true) break;
    const posted = record.replies[one.key];
    if (posted !== undefined && (!one.live || posted.digest === one.message.digest)) continue;
    if (posted !== undefined && (await edit(deps.clients.arrival, record.channel, posted.ts, one.message))) {
      record = await withReply(deps, view, record, one.key, { ts: posted.ts, digest: one.message.digest });
      continue;
    }
    // A card that is gone and settled needs nobody any more, but it is the record of who decided: it is posted anew.
    record = await addReply(deps, view, record, one);
  }
  return record;
}

async function addReply(
  deps: ThreadDeps,
  view: RunView,
  first: ThreadRecord,
  { key, message, broadcast, file }: Wanted,
): Promise<ThreadRecord> {
  const threadTs = first.root.ts;
  let record = first;
  if (file !== undefined && record.replies[`file:${key}`] === undefined) {
    await upload(deps.clients.arrival, { channel: record.channel, threadTs }, file);
    record = await withReply(deps, view, record, `file:${key}`, { ts: '', digest: '' });
  }
  const { ts } = await post(deps.clients.arrival, { channel: record.channel, threadTs, broadcast }, message, { run: view.run.runId, key });
  return withReply(deps, view, record, key, { ts, digest: message.digest });
}

function withReply(
  deps: ThreadDeps,
  view: RunView,
  record: ThreadRecord,
  key: string,
  posted: { ts: string; digest: string },
): Promise<ThreadRecord> {
  return remember(deps, view, { ...record, replies: { ...record.replies, [key]: posted } });
}

/** Edits the root message. While steps run, an edit may be left out; where the run waits or has ended, it must arrive. */
async function bringRootUp(
  deps: ThreadDeps,
  view: RunView,
  entries: readonly JournalEntry[],
  record: ThreadRecord,
): Promise<{ rendered: Rendered; record: ThreadRecord }> {
  const done = { complete: true, waitMs: 0 };
  const message = rootMessage(view, entries);
  if (message.digest === record.root.digest) return { rendered: done, record };
  const now = deps.clock.now();
  const sinceEditMs = now.getTime() - Date.parse(record.rootEditedAt);
  const moving = view.state === 'running' || view.state === 'queued';
  if (moving && sinceEditMs < limits.editGapMs) return { rendered: { complete: false, waitMs: limits.editGapMs - sinceEditMs }, record };
  try {
    const there = await edit(moving ? deps.clients.progress : deps.clients.arrival, record.channel, record.root.ts, message);
    const ts = there
      ? record.root.ts
      : (await post(deps.clients.arrival, { channel: record.channel }, message, { run: view.run.runId, key: 'root' })).ts;
    return {
      rendered: done,
      record: await remember(deps, view, { ...record, root: { ts, digest: message.digest }, rootEditedAt: now.toISOString() }),
    };
  } catch (error) {
    if (!moving || !isOpsError(error, 'SLACK_RATE_LIMITED', 'SLACK_UNREACHABLE')) throw error;
    const waitMs = typeof error.details['retryAfterMs'] === 'number' ? error.details['retryAfterMs'] : limits.editGapMs;
    return { rendered: { complete: false, waitMs }, record };
  }
}

/** The whole journal as a file, once, when the run has ended. */
async function addTimeline(deps: ThreadDeps, view: RunView, entries: readonly JournalEntry[], record: ThreadRecord): Promise<void> {
  const end = entries.findLast((entry) => entry.type === 'run-ended');
  if (end === undefined || record.replies[`file:${end.seq}`] !== undefined) return;
  const file = await timelineFile(deps, view, entries);
  await upload(deps.clients.arrival, { channel: record.channel, threadTs: record.root.ts }, file);
  await withReply(deps, view, record, `file:${end.seq}`, { ts: '', digest: '' });
}
