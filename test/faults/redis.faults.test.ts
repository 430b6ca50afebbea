/** Redis killed while a card waits, away for two minutes, and emptied: nothing is lost that Redis kept, and what it lost is said. Killed at every step: redis-killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { clickCard, say, startRun, valueOf, waitForEnd, waitForGate, waitForStep } from '../stage/acting.ts';
import { until } from '../slack/local-slack.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { doneTwice, timesOnHosts } from './effects.ts';
import { loseQuorum, rootOf } from './ground.ts';
import { recorded } from './record.ts';

const etcd = '3.4';
const redis = { area: 'redis', procedure: 'restore', etcd } as const;
const downMs = 120_000;
const never = { etcd01: 0, etcd02: 0, etcd03: 0 };

let stage: Stage;
let bot: BotProcess;
let begunAt: Date;
beforeAll(async () => {
  stage = await createStage({ name: 'f-redis', etcd });
  bot = await stage.start();
});
afterAll(() => stage?.down());
beforeEach(async () => {
  await stage.redis.start();
  await loseQuorum(stage);
  begunAt = new Date();
});

const whisper = (text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === people.alice && text.test(message.text));

describe('Redis that is killed', () => {
  it('while a card waits and restarted keeps the card, and the click counts', () =>
    recorded({ ...redis, fault: 'killed (SIGKILL) and restarted from its append-only file', where: 'while a card waits' }, async () => {
      const run = await startRun(stage, 'restore demo');
      const gate = await waitForGate(stage, run, 'replace-data');

      await stage.redis.stop('SIGKILL');
      await stage.redis.start();
      await clickCard(stage, gate, 'approve');
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      expect(view.outcome).toBe('completed');
      expect(await valueOf(stage, '/name/1')).toBe('test');
      return { outcome: 'completed' };
    }));
});

describe('Redis that is away for two minutes', () => {
  it('in the middle of a restore stops it where it is; words are refused at once; then it goes on by itself', () =>
    recorded({ ...redis, fault: 'down for two minutes', where: 'inside restore-aside' }, async () => {
      const run = await startRun(stage, 'restore demo');
      await waitForStep(stage, run, 'restore-aside');
      await stage.redis.stop('SIGKILL');
      const back = sleep(downMs);

      await say(stage, 'status demo');
      const refused = await whisper(/Redis/);
      await back;
      const touched = await timesOnHosts(stage, /systemctl mask/, begunAt);
      await stage.redis.start();
      const backAt = Date.now();
      const gate = await waitForGate(stage, run, 'replace-data');
      const seconds = (Date.now() - backAt) / 1000;
      await clickCard(stage, gate, 'approve');
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      expect(refused.text).toMatch(/nothing was started/i);
      expect(touched).toEqual(never);
      expect(view.outcome, view.conclusion).toBe('completed');
      expect(await valueOf(stage, '/name/1')).toBe('test');
      expect(await doneTwice(stage, run)).toEqual([]);
      return { outcome: `completed; at its next card ${seconds.toFixed(1)} s after Redis was back` };
    }));
});

describe('Redis that is emptied', () => {
  it.each([
    ['while a card waits', 'replace-data', false],
    ['inside replace-data', 'start', true],
  ] as const)('%s is said, with what was lost; nothing more is done; a new run finishes the work', (where, next, approved) =>
    recorded({ ...redis, fault: 'emptied (FLUSHALL)', where }, async () => {
      const run = await startRun(stage, 'restore demo');
      const gate = await waitForGate(stage, run, 'replace-data');
      await rootIsThere(run);
      if (approved) {
        await clickCard(stage, gate, 'approve');
        await waitForStep(stage, run, 'replace-data');
        // Only what has begun on a host can be left there.
        await until(
          async () => Object.values(await timesOnHosts(stage, /systemctl mask/, begunAt)).some((times) => times > 0),
          30_000,
          () => `${run} masked no unit`,
        );
      }
      await stage.redis.flush();

      const told = await stage.slack.message(
        channels.incident,
        ({ text, thread_ts: thread }) => thread !== undefined && text.includes(`${run} is gone`),
      );
      await say(stage, `show ${run}`);
      const shown = await whisper(new RegExp(`${run} is gone.*Redis was emptied`, 's'));
      const askedAt = Date.now() / 1000;
      await say(stage, 'status demo');
      const status = await stage.slack.message(
        channels.incident,
        ({ text, ts, thread_ts: thread }) => thread === undefined && Number(ts) > askedAt && text.startsWith('demo: '),
      );
      const health = (await (await fetch(`http://127.0.0.1:${bot.healthPort}/healthz`)).json()) as { remarks?: string[] };
      const again = await startRun(stage, 'restore demo');
      const second = await waitForGate(stage, again, 'replace-data');
      // By now whoever still had the run would have begun the next step.
      const begun = await timesOnHosts(stage, next === 'start' ? /systemctl unmask/ : /systemctl mask/, begunAt);
      await clickCard(stage, second, 'approve');
      await clickCard(stage, await waitForGate(stage, again, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, again);

      expect(told.text).toMatch(/Done: hand-out, restore-aside|Done: choose-snapshot.*restore-aside/);
      expect(told.text).toContain('docs/runbooks/restore.md');
      expect(await timesTold(run)).toBe(1);
      expect((await rootOf(stage, run))?.text).toContain('is gone');
      expect(shown.text).toContain('status demo');
      if (approved) expect(JSON.stringify(status.blocks)).toContain(`${run} has left data beside`);
      expect(health.remarks?.[0]).toContain('1 living runs are gone');
      expect(begun).toEqual(never);
      expect(view.outcome, view.conclusion).toBe('completed');
      expect(await valueOf(stage, '/name/1')).toBe('test');
      return {
        outcome: 'the run is not carried on; its thread, `show`, `status` and /healthz say so; a new restore completed',
        dataLost: 'none (of the cluster; the run’s record is gone)',
      };
    }),
  );

  /** Messages, not edits. */
  async function timesTold(run: RunId): Promise<number> {
    const calls = await stage.slack.calls();
    return calls.filter(({ method, args }) => method.includes('chat.postMessage') && JSON.stringify(args).includes(`${run} is gone`))
      .length;
  }

  async function rootIsThere(run: RunId): Promise<void> {
    await until(
      async () => (await rootOf(stage, run)) !== undefined,
      20_000,
      () => `${run} has no root message`,
    );
    // Two looks of the watch: it remembers the run, its thread and its card.
    await sleep(4_500);
  }
});
