/** Two bots and four workers at once on one Redis: 200 runs of mixed kinds on twenty clusters in memory, asked and approved in a real Slack server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { RunView } from '../../src/engine/view.ts';
import type { ClusterName, RunId } from '../../src/ids.ts';
import { until } from '../slack/local-slack.ts';
import { fakeFleet } from './fake-fleet.ts';
import type { FakeFleet } from './fake-fleet.ts';
import { startFleetBots } from './fleet-bots.ts';
import type { FleetBots } from './fleet-bots.ts';
import { watchPosts } from './posts.ts';
import type { Posts } from './posts.ts';
import { recorded } from './record.ts';

const clustersCount = 20;
/** One after the other on each cluster; ten of them, so 200 in all. */
const words = [
  'backup',
  'put /name/2 soak',
  'move-leader',
  'restore --while-healthy',
  'restart',
  'compact',
  'stop etcd03',
  'start',
  'defragment',
  'replace-member etcd03 --healthy',
] as const;
const runLimitMs = 120_000;
const soakLimitMs = 900_000;

interface Asked {
  readonly run: RunId;
  readonly word: string;
}

let fleet: FakeFleet;
let bots: FleetBots;
let posts: Posts;
beforeAll(async () => {
  fleet = fakeFleet(clustersCount);
  bots = await startFleetBots({ fleet, bots: 2, workers: 4 });
  posts = watchPosts(bots.slack);
});
afterAll(async () => {
  await posts?.[Symbol.asyncDispose]();
  await bots?.[Symbol.asyncDispose]();
});

const idsOf = async (cluster: ClusterName) => (await bots.runs.list({ cluster, limit: 50 })).map(({ run }) => run.runId);

/** Asks twice at once, as two people in a hurry would: one run comes of it, the other is told who holds the cluster. */
async function ask(cluster: ClusterName, word: string): Promise<RunId> {
  const [verb, ...rest] = word.split(' ');
  const before = new Set(await idsOf(cluster));
  const text = [verb, cluster, ...rest].join(' ');
  const once = () => bots.slack.command('U0ALICE', bots.channelOf(cluster), text);
  await (verb === 'restore' ? Promise.all([once(), once()]) : once());
  let started: RunId | undefined;
  await until(
    async () => {
      started = (await idsOf(cluster)).find((run) => !before.has(run));
      return started !== undefined;
    },
    runLimitMs,
    () => `\`${text}\` started no run`,
  );
  return started as RunId;
}

/** Both approvers answer every gate at once; the deletion of old data is declined by one of them. */
async function answer(cluster: ClusterName, view: RunView, answered: Set<string>): Promise<void> {
  const gate = view.openGate;
  if (gate === undefined || answered.has(gate.gateId)) return;
  if (gate.kind === 'failure') throw new Error(`${view.run.runId} failed at ${gate.stepId}: ${gate.reason}`);
  answered.add(gate.gateId);
  const say = (by: string, word: string) => bots.slack.command(by, bots.channelOf(cluster), word);
  const { runId } = view.run;
  const code = gateCode(gate.gateId);
  if (gate.otherwise !== undefined) return say('U0BOB', `reject ${runId} ${code}`);
  await Promise.all(['U0BOB', 'U0CAROL', 'U0BOB'].map((by) => say(by, ['approve', runId, code, gate.confirm].join(' '))));
}

async function carry(cluster: ClusterName, word: string): Promise<Asked> {
  const run = await ask(cluster, word);
  const answered = new Set<string>();
  await until(
    async () => {
      const view = await bots.runs.view(run);
      await answer(cluster, view, answered);
      return view.state === 'ended';
    },
    runLimitMs,
    () => `${run} did not end`,
  );
  return { run, word };
}

describe('two bots and four workers on one Redis', () => {
  it('carry 200 runs of mixed kinds, each once, and report each once and in order', { timeout: soakLimitMs }, () =>
    recorded(
      {
        area: 'soak',
        fault: 'none: two bots and four workers, twenty clusters in memory',
        procedure: 'mixed',
        where: 'all at once',
        etcd: '',
      },
      async () => {
        const lanes = await Promise.all(
          fleet.clusters.map(async (cluster) => {
            const lane: Asked[] = [];
            for (const word of words) lane.push(await carry(cluster, word));
            return lane;
          }),
        );
        const asked = lanes.flat();
        const views = await Promise.all(asked.map(async ({ run }) => bots.runs.view(run)));

        expect(asked).toHaveLength(clustersCount * words.length);
        expect(views.filter(({ outcome }) => outcome !== 'completed').map(({ run, conclusion }) => `${run.runId}: ${conclusion}`)).toEqual(
          [],
        );
        expect((await Promise.all(fleet.clusters.map(idsOf))).flat().toSorted()).toEqual(asked.map(({ run }) => run).toSorted());
        expect([...fleet.doubled]).toEqual([]);
        for (const { run, word } of asked) {
          const entries = await bots.runs.journal(run);
          const started = entries.flatMap((entry) => (entry.type === 'step-started' ? [entry.stepId] : []));
          expect(repeated(started), `${word}: steps begun twice`).toEqual([]);
          expect(repeated(fleet.effectsOf.get(run) ?? []), `${word}: effects had twice`).toEqual([]);
        }
        for (const { run } of asked) await expectReportedOnce(run);
        return { outcome: `${asked.length} runs, each carried once; each effect came once, each report once and in order` };
      },
    ),
  );
});

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Every message of a run's thread: each once, in the journal's order, the summary among them. */
async function expectReportedOnce(run: RunId): Promise<void> {
  await until(
    async () => posts.of(run).some((key) => key.startsWith('end:')),
    runLimitMs,
    () => `${run} was never reported to its end: ${posts.of(run).join(' ')}`,
  );
  const keys = posts.of(run);
  const places = keys.filter((key) => key !== 'root').map((key) => Number(key.split(':')[1]));
  expect(keys[0]).toBe('root');
  expect(repeated(keys)).toEqual([]);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
}
