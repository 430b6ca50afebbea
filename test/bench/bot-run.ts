/** One procedure through the bot: a slash command, approvals clicked as soon as their cards are there, until it ended. */
import type { Gate, JournalEntry } from '../../src/engine/journal.ts';
import type { RunView } from '../../src/engine/view.ts';
import type { RunId } from '../../src/ids.ts';
import { clickThrough } from '../slack/click-through.ts';
import { until } from '../slack/local-slack.ts';
import { say, waitFor } from '../stage/acting.ts';
import { channels, people } from '../stage/stage.ts';
import type { Ground } from './ground.ts';
import type { Interval } from './intervals.ts';
import { watchChildren } from './watch.ts';

/** A run that ended. Times are milliseconds since the epoch. */
export interface BotRun {
  /** When the slash command was sent. */
  readonly askedAt: number;
  readonly endedAt: number;
  readonly entries: readonly JournalEntry[];
  readonly view: RunView;
  /** When an ssh or a tool that the bot had started was running. */
  readonly processes: readonly Interval[];
}

const startLimitMs = 30_000;
const runLimitMs = 900_000;
const cardLimitMs = 30_000;

/**
 * Runs it. Gates of these steps are declined at once, all others approved.
 * @throws Error when it fails, or does not end as `completed`
 */
export async function botRun(
  ground: Ground,
  words: string,
  { declines = [] }: { readonly declines?: readonly string[] } = {},
): Promise<BotRun> {
  const { stage } = ground;
  const before = (await stage.runs.list({ limit: 1 }))[0]?.run.runId;
  const watch = watchChildren(ground.botPid);
  try {
    const askedAt = Date.now();
    await say(stage, words);
    const runId = await started(ground, words, before);
    const view = await answerGates(ground, runId, words, declines);
    const processes = await watch.stop();
    return { askedAt, endedAt: Date.parse(view.endedAt ?? ''), entries: await stage.runs.journal(runId), view, processes };
  } finally {
    await watch.stop();
  }
}

async function answerGates(ground: Ground, runId: RunId, words: string, declines: readonly string[]): Promise<RunView> {
  const { stage } = ground;
  const answered = new Set<string>();
  for (;;) {
    const view = await waitFor(
      stage,
      runId,
      ({ state, openGate }) => state === 'ended' || (openGate !== undefined && !answered.has(openGate.gateId)),
      runLimitMs,
    );
    if (view.openGate === undefined) {
      if (view.outcome !== 'completed') throw new Error(`${words}: ended as ${view.outcome}: ${view.conclusion}`);
      return view;
    }
    const { gateId, kind, stepId, reason } = view.openGate;
    if (kind === 'failure') {
      await stage.runs.abort(runId, view.run.requester.user);
      throw new Error(`${words}: ${stepId} failed: ${reason}`);
    }
    answered.add(gateId);
    await click(ground, view.openGate, declines.includes(stepId) ? 'reject' : 'approve');
  }
}

async function started({ stage }: Ground, words: string, before: RunId | undefined): Promise<RunId> {
  let runId: RunId | undefined;
  await until(
    async () => {
      const newest = (await stage.runs.list({ limit: 1 }))[0]?.run.runId;
      if (newest !== before) runId = newest;
      return runId !== undefined;
    },
    startLimitMs,
    () => `\`${words}\` started no run`,
  );
  if (runId === undefined) throw new Error('unreachable');
  return runId;
}

async function click({ stage, postings }: Ground, gate: Gate, verdict: 'approve' | 'reject'): Promise<void> {
  const isCard = (blocks: string) => blocks.includes(`\\"${gate.gateId}\\"`) && blocks.includes(`gate.${verdict}`);
  const { ts } = await postings.first(0, (posting) => posting.method === 'chat.postMessage' && isCard(posting.blocks), cardLimitMs);
  await clickThrough(stage.slack, { gate, card: { ts }, verdict, by: people.bob, channel: channels.incident });
}

/** From the slash command to the moment a step was settled. @throws Error when it never was */
export function untilStep({ askedAt, entries }: BotRun, stepId: string): Interval {
  const settled = entries.findLast((entry) => entry.type === 'step-settled' && entry.stepId === stepId);
  if (settled === undefined) throw new Error(`the run never settled ${stepId}`);
  return { from: askedAt, to: Date.parse(settled.at) };
}
