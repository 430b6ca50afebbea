/** Two bots and four workers, each a process of its own, on real hosts: runs of mixed kinds one after the other, questions in between, and a worker that dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { clickCard, repeatedOnHosts, say, startRun, valueOf, waitFor } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { channels, createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { watchPosts } from './posts.ts';
import type { Posts } from './posts.ts';
import { recorded } from './record.ts';

const words = [
  'backup demo',
  'put demo /name/1 test',
  'restart demo',
  'restore demo --while-healthy',
  'move-leader demo',
  'stop demo etcd03',
  'start demo',
  'backup demo',
  'defragment demo',
  'restore demo --while-healthy',
  'put demo /name/1 again',
  'backup demo',
] as const;
/** The worker that is killed dies during this run, the first restore. */
const killedIn = 3;
const soakLimitMs = 600_000;

let stage: Stage;
let workers: BotProcess[] = [];
let posts: Posts;
beforeAll(async () => {
  stage = await createStage({ name: 'soak-lab' });
  posts = watchPosts(stage.slack);
  await stage.start('bot,reports');
  await stage.start('bot,reports');
  workers = await Promise.all([1, 2, 3, 4].map(() => stage.start('worker')));
});
afterAll(async () => {
  await posts?.[Symbol.asyncDispose]();
  await stage?.down();
});

/** Answers every gate until the run has ended: yes, and no to a deletion of old data. */
async function carry(run: RunId): Promise<string | undefined> {
  const answered = new Set<string>();
  for (;;) {
    const { state, outcome, openGate } = await waitFor(
      stage,
      run,
      (view) => view.state === 'ended' || (view.openGate !== undefined && !answered.has(view.openGate.gateId)),
    );
    if (state === 'ended') return outcome;
    if (openGate === undefined) continue;
    if (openGate.kind === 'failure') throw new Error(`${run} failed at ${openGate.stepId}: ${openGate.reason}`);
    answered.add(openGate.gateId);
    await clickCard(stage, openGate, openGate.otherwise === undefined ? 'approve' : 'reject');
  }
}

describe('two bots and four workers on real hosts', () => {
  it('carry each run once and report it once, though a worker dies', { timeout: soakLimitMs }, () =>
    recorded(
      {
        area: 'soak',
        fault: 'worker killed (SIGKILL) among two bots and four workers',
        procedure: 'mixed',
        where: 'in a restore',
        etcd: '3.4',
      },
      async () => {
        const runs: RunId[] = [];
        for (const [index, word] of words.entries()) {
          const run = await startRun(stage, word);
          runs.push(run);
          const carried = carry(run);
          await say(stage, 'status demo');
          if (index === killedIn) await workers[0]?.kill();
          expect(await carried, word).toBe('completed');
        }

        expect(await valueOf(stage, '/name/1')).toBe('again');
        for (const run of runs) {
          const entries = await stage.runs.journal(run);
          const settled = entries.flatMap((entry) => (entry.type === 'step-settled' ? [entry.stepId] : []));
          expect(new Set(settled).size, `${run}: steps settled twice`).toBe(settled.length);
          await stage.slack.message(channels.incident, ({ text, user }) => user === stage.slack.botUserId && text.includes(run));
          await expect.poll(() => posts.of(run), { timeout: 60_000 }).toContainEqual(expect.stringMatching(/^end:/));
          const keys = posts.of(run);
          expect(new Set(keys).size, `${run}: messages posted twice`).toBe(keys.length);
          expect(keys[0]).toBe('root');
        }
        // What a killed worker had begun may be said once more where it is harmless; nothing that moves data or stops etcd.
        const repeated = (await Promise.all(runs.map((run) => repeatedOnHosts(stage, run)))).flat();
        expect(repeated.filter((line) => /\/(?:mv|systemctl) /.test(line))).toEqual([]);
        expect((await stage.runs.list({ limit: 100 })).map(({ run }) => run.runId).toSorted()).toEqual(runs.toSorted());
        return { outcome: `${runs.length} runs completed, each once; each report came once and in order` };
      },
    ),
  );
});
