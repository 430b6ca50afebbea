/** Cancelling from any process, and SIGTERM: no click is lost, no run is lost, and everything is over within 20 s. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { RunId } from '../../src/ids.ts';
import { clickCard, say, startRun, valueOf, waitFor, waitForEnd, waitForGate, waitForStep } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { besideData, timesOnHosts } from './effects.ts';
import { loseQuorum } from './ground.ts';
import { recorded } from './record.ts';

const stopsWithinSeconds = 20;
const about = { area: 'stop', procedure: 'restore', etcd: '3.4' } as const;
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let stage: Stage;
let bot: BotProcess;
let worker: BotProcess;
let begunAt: Date;
beforeAll(async () => {
  stage = await createStage({ name: 'f-stop' });
  bot = await stage.start('bot,reports');
  worker = await stage.start('worker');
});
afterAll(() => stage?.down());
beforeEach(async () => {
  await loseQuorum(stage);
  begunAt = new Date();
});

/** Says it in a terminal, as root, who is alice there. */
async function inTerminal(...words: string[]): Promise<number | null> {
  const child = spawn(process.execPath, ['--disable-warning=DEP0123', cli, ...words], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...stage.environment },
    stdio: 'ignore',
  });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode;
}

/** Stops a process by SIGTERM and gives its exit code and how long that took. */
async function stopped(process_: BotProcess): Promise<{ readonly exitCode: number | null; readonly seconds: number }> {
  const from = Date.now();
  const exitCode = await process_.stop();
  return { exitCode, seconds: (Date.now() - from) / 1000 };
}

describe('an abort', () => {
  it.each([
    ['a terminal', (run: RunId) => inTerminal('abort', run)],
    ['a bot on another machine', (run: RunId) => say(stage, `abort ${run}`)],
  ] as const)('from %s ends the run between two steps, and what was made is removed again', (from, abort) =>
    recorded({ ...about, fault: `aborted from ${from}`, where: 'inside restore-aside' }, async () => {
      const run = await startRun(stage, 'restore demo');
      await waitForStep(stage, run, 'restore-aside');

      const askedAt = Date.now();
      await abort(run);
      const view = await waitForEnd(stage, run);
      const seconds = (Date.now() - askedAt) / 1000;

      expect(view.outcome).toBe('aborted');
      expect(await timesOnHosts(stage, /systemctl (?:mask|stop)/, begunAt)).toEqual({ etcd01: 0, etcd02: 0, etcd03: 0 });
      expect(await besideData(stage)).toEqual({ etcd01: '', etcd02: '', etcd03: '' });
      expect(seconds).toBeLessThan(stopsWithinSeconds);
      return { outcome: `aborted ${seconds.toFixed(1)} s later; nothing of it is left on the hosts` };
    }),
  );
});

describe('SIGTERM', () => {
  it.each(['hand-out', 'restore-aside', 'replace-data', 'start'])(
    'of the worker in %s ends it in time, and another one carries the run on',
    (stepId) =>
      recorded({ ...about, fault: 'SIGTERM of the worker', where: `inside ${stepId}` }, async () => {
        const run = await startRun(stage, 'restore demo');
        const isBeforeGate = stepId === 'hand-out' || stepId === 'restore-aside';
        if (!isBeforeGate) await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
        await waitForStep(stage, run, stepId);
        const hiring = stage.start('worker');

        const { exitCode, seconds } = await stopped(worker);
        worker = await hiring;
        if (isBeforeGate) await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
        await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
        const view = await waitForEnd(stage, run);

        expect(exitCode).toBe(0);
        expect(seconds).toBeLessThan(stopsWithinSeconds);
        expect(view.outcome, view.conclusion).toBe('completed');
        expect((await stage.runs.journal(run)).filter(({ type }) => type === 'step-resumed')).toEqual([]);
        expect(await valueOf(stage, '/name/1')).toBe('test');
        return { outcome: `stopped in ${seconds.toFixed(1)} s with exit code 0; the step was finished, and the run completed` };
      }),
  );

  it('of the bot at the very moment of a click loses no click', () =>
    recorded({ ...about, fault: 'SIGTERM of the bot', where: 'at the moment of a click' }, async () => {
      await stage.lab.resetCluster();
      // A healthy cluster is not replaced: each Retry makes the same card again.
      const run = await startRun(stage, 'restore demo');
      const delaysMs = [0, 2, 5, 10, 20, 50];
      let slowest = 0;
      for (const delayMs of delaysMs) {
        const gate = await waitForGate(stage, run, 'replace-data');
        await clickCard(stage, gate, 'retry');
        await sleep(delayMs);
        const { exitCode, seconds } = await stopped(bot);
        slowest = Math.max(slowest, seconds);
        bot = await stage.start('bot,reports');
        const settled = await waitFor(
          stage,
          run,
          ({ gates }) => gates.some((one) => one.gate.gateId === gate.gateId && one.outcome === 'retried'),
          30_000,
        );
        await waitFor(stage, run, ({ openGate }) => openGate !== undefined && openGate.gateId !== gate.gateId);
        expect(exitCode).toBe(0);
        expect(seconds).toBeLessThan(stopsWithinSeconds);
        expect(settled.state).not.toBe('ended');
      }
      const { openGate } = await stage.runs.view(run);
      await say(stage, `abort ${run} ${gateCode(openGate?.gateId ?? '')}`);
      await waitForEnd(stage, run);
      return { outcome: `every click counted, once; the bot stopped in ${slowest.toFixed(1)} s at the most`, times: delaysMs.length };
    }));
});
