/** Slack that limits, fails, is silent or is cut off in the middle of a restore: the recovery takes no longer, and every report arrives, in order, once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../src/engine/view.ts';
import type { RunId } from '../../src/ids.ts';
import { clickCard, runLimitMs, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { until } from '../slack/local-slack.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { startSlackFault } from '../stage/slack-fault.ts';
import type { SlackFault } from '../stage/slack-fault.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { loseQuorum, threadOf } from './ground.ts';
import { recorded } from './record.ts';

let stage: Stage;
let fault: SlackFault;
let bot: BotProcess;
let undisturbedSeconds: number;

beforeAll(async () => {
  stage = await createStage({
    name: 'f-slack',
    slackApiUrl: async (real) => {
      fault = await startSlackFault(real);
      return fault.apiUrl;
    },
  });
  bot = await stage.start();
});
afterAll(async () => {
  await stage?.down();
  await fault?.stop();
});
beforeEach(async () => {
  fault.behave('well');
  await loseQuorum(stage);
});

/** From the approval to the last step that does not wait for a person. */
function recoverySeconds({ steps }: RunView): number {
  const from = steps.findIndex(({ id }) => id === 'replace-data');
  const acted = steps.slice(from).filter(({ id }) => id !== 'delete-old-data');
  return acted.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0) / 1000;
}

/** The titles of the steps in the order in which the thread tells of them; complete once the last word is there. */
async function toldInOrder(run: RunId, view: RunView): Promise<string[]> {
  let texts: string[] = [];
  await until(
    async () => {
      texts = (await threadOf(stage, run)).map(({ text }) => text);
      return texts.some((text) => text.startsWith('restore demo: done in'));
    },
    runLimitMs,
    () => `the report is not complete: ${texts.join(' | ')}`,
  );
  return texts.flatMap((text) => view.steps.find(({ title }) => text.startsWith(`${title}: `))?.title ?? []);
}

/** @param meanwhile does the fault between the approval and the last card */
async function restoreWith(meanwhile: (run: RunId) => Promise<void>): Promise<{ readonly run: RunId; readonly view: RunView }> {
  const run = await startRun(stage, 'restore demo');
  await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
  await meanwhile(run);
  await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
  return { run, view: await waitForEnd(stage, run) };
}

describe('Slack', () => {
  it('that is well has every report in order, once', async () => {
    const { run, view } = await restoreWith(() => Promise.resolve());

    undisturbedSeconds = recoverySeconds(view);
    expect(view.outcome).toBe('completed');
    expect(await toldInOrder(run, view)).toEqual(view.steps.map(({ title }) => title));
  });

  it.each([
    ['limited', 'answers 429 to everything, for half a minute', 30],
    ['failing', 'answers 500 to everything, for half a minute', 30],
    ['silent', 'takes requests and never answers, for half a minute', 30],
    ['cut', 'is cut off, the socket too, for ten minutes', 600],
  ] as const)(
    'that is %s delays no step, and gets every report afterwards, in order, once',
    { timeout: 1_200_000 },
    (behaviour, what, seconds) =>
      recorded(
        {
          area: 'slack',
          fault: what,
          procedure: 'restore',
          where: 'from the approval on',
          etcd: '3.4',
        },
        async () => {
          const { run, view } = await restoreWith(async (of) => {
            fault.behave(behaviour);
            await waitForGate(stage, of, 'delete-old-data');
            await until(
              () => fault.refusedForMs() >= seconds * 1000,
              runLimitMs + seconds * 1000,
              () => 'the time did not pass',
            );
            fault.behave('well');
            await until(
              async () => (await fetch(`http://127.0.0.1:${bot.healthPort}/healthz`)).ok,
              runLimitMs,
              () => 'the bot did not connect to Slack again',
            );
          });

          expect(view.outcome).toBe('completed');
          expect(await valueOf(stage, '/name/1')).toBe('test');
          expect(await toldInOrder(run, view)).toEqual(view.steps.map(({ title }) => title));
          const took = recoverySeconds(view);
          // Far apart only if a step had waited for Slack: each call to it has a limit of seconds.
          expect(took).toBeLessThan(undisturbedSeconds * 3 + 10);
          return {
            outcome: `completed; ${took.toFixed(1)} s from the approval on, ${undisturbedSeconds.toFixed(1)} s with a Slack that is well; every report in order`,
          };
        },
      ),
  );
});
