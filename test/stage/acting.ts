/** What people do on a stage, and what they wait for. */
import type { Gate, JournalEntry } from '../../src/engine/journal.ts';
import type { RunView } from '../../src/engine/view.ts';
import type { RunId } from '../../src/ids.ts';
import { buttonsOf, until } from '../slack/local-slack.ts';
import type { LocalMessage } from '../slack/local-slack.ts';
import { clickThrough } from '../slack/click-through.ts';
import { begunOn } from './host-log.ts';
import { channels, people } from './stage.ts';
import type { Stage } from './stage.ts';

/** To read a run's journal costs as much as a step of it, so it is not looked at more often. */
const lookEveryMs = 100;
/** The longest anything here may take: a restore with a worker that dies in it. */
export const runLimitMs = 240_000;

/** Says `/etcd …` in the incident channel. */
export async function say(stage: Stage, text: string, by: string = people.alice): Promise<void> {
  await stage.slack.command(by, channels.incident, text);
}

/** Says it, and gives the run that it started. */
export async function startRun(stage: Stage, text: string, by: string = people.alice): Promise<RunId> {
  // Redis may be down for a while on purpose.
  const ids = async () =>
    await stage.runs.list({ limit: 50 }).then(
      (runs) => runs.map(({ run }) => run.runId),
      () => undefined,
    );
  let before: readonly RunId[] | undefined;
  const isListed = async () => {
    before = await ids();
    return before !== undefined;
  };
  await until(isListed, 30_000, () => 'the runs could not be listed');
  await say(stage, text, by);
  let started: RunId | undefined;
  const isThere = async () => {
    started = (await ids())?.find((run) => before?.includes(run) === false);
    return started !== undefined;
  };
  await until(isThere, 30_000, () => `\`${text}\` started no run`).catch(async (error: unknown) => {
    const told = (await stage.slack.messages(channels.incident)).filter(({ ephemeral_to: to }) => to === by).at(-1)?.text;
    throw new Error(`\`${text}\` started no run; the last that ${by} was told: ${told}`, { cause: error });
  });
  if (started === undefined) throw new Error('unreachable');
  return started;
}

/** Waits until a run is as wished. */
export async function waitFor(
  stage: Stage,
  run: RunId,
  wished: (view: RunView) => boolean | Promise<boolean>,
  limitMs = runLimitMs,
): Promise<RunView> {
  let view: RunView | undefined;
  await until(
    async () => {
      // Redis may be down for a while on purpose.
      view = await stage.runs.view(run).catch(() => view);
      return view !== undefined && (await wished(view));
    },
    limitMs,
    () =>
      `${run} did not get there: ${JSON.stringify({ state: view?.state, gate: view?.openGate?.stepId, reason: view?.openGate?.reason, conclusion: view?.conclusion, steps: view?.steps.map(({ id, state, failure }) => [id, state, failure?.because]) }, null, 1)}`,
    lookEveryMs,
  );
  if (view === undefined) throw new Error('unreachable');
  return view;
}

/** Waits for the gate of a step. */
export async function waitForGate(stage: Stage, run: RunId, stepId: string, limitMs = runLimitMs): Promise<Gate> {
  const view = await waitFor(stage, run, ({ openGate, state }) => openGate?.stepId === stepId || state === 'ended', limitMs);
  if (view.openGate === undefined) throw new Error(`${run} ended as ${view.outcome}: ${view.conclusion}`);
  return view.openGate;
}

/** Waits for the end. */
export function waitForEnd(stage: Stage, run: RunId, limitMs = runLimitMs): Promise<RunView> {
  return waitFor(stage, run, ({ state }) => state === 'ended', limitMs);
}

/** Waits for the card of a gate in the channel, and clicks one of its buttons; where a window asks for the cluster's name, it is typed. */
export async function clickCard(
  stage: Stage,
  gate: Gate,
  verdict: 'approve' | 'reject' | 'retry' | 'abort',
  by: string = people.bob,
): Promise<LocalMessage> {
  const card = await cardOf(stage, gate);
  await clickThrough(stage.slack, { gate, card, verdict, by, channel: channels.incident });
  return card;
}

/** The card of a gate, with its buttons. */
export function cardOf(stage: Stage, { gateId }: Gate): Promise<LocalMessage> {
  return stage.slack.message(channels.incident, (message) => buttonsOf(message).some(({ value }) => value.includes(`"${gateId}"`)));
}

/** Waits until a step has begun. */
export async function waitForStep(stage: Stage, run: RunId, stepId: string): Promise<readonly JournalEntry[]> {
  let entries: readonly JournalEntry[] = [];
  await until(
    async () => {
      entries = await journalOf(stage, run);
      return entries.some((entry) => entry.type === 'step-started' && entry.stepId === stepId);
    },
    runLimitMs,
    () => `${run} never began ${stepId}`,
  );
  return entries;
}

/** Empty while Redis does not give it, which may be down for a while on purpose. */
async function journalOf(stage: Stage, run: RunId): Promise<readonly JournalEntry[]> {
  return await stage.runs.journal(run).catch(() => []);
}

/** The value of a key, read past the bot. */
export async function valueOf(stage: Stage, key: string): Promise<string> {
  return (await stage.lab.etcdctl(['get', key, '--print-value-only'])).stdout;
}

/** Waits until a step has changed something, or the step is over: then a kill falls into its middle. */
export async function waitForFirstChange(stage: Stage, run: RunId, stepId: string): Promise<void> {
  await until(
    async () =>
      (await journalOf(stage, run)).some(
        (entry) =>
          (entry.type === 'command' && entry.stepId === stepId && entry.command.changes) ||
          (entry.type === 'step-settled' && entry.stepId === stepId),
      ),
    runLimitMs,
    () => `${run} changed nothing in ${stepId}`,
  );
}

/** Operations on the hosts that name the run and were begun more than once. */
export async function repeatedOnHosts(stage: Stage, run: RunId): Promise<string[]> {
  const logs = await Promise.all(
    stage.lab.hosts.map(async (host) =>
      (await begunOn(host)).map(({ command }) => `${host.name}$ ${command}`).filter((line) => line.includes(run)),
    ),
  );
  const times = new Map<string, number>();
  for (const line of logs.flat()) times.set(line, (times.get(line) ?? 0) + 1);
  return [...times].filter(([, count]) => count > 1).map(([line, count]) => `${count} × ${line}`);
}
