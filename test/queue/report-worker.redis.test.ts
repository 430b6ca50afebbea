/** The outbox: what happened is shown in the end, whatever happens on the way. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import type { Answer } from '../../src/procedures/answer.ts';
import { createQueryWorker } from '../../src/queue/query-worker.ts';
import { createReportWorker } from '../../src/queue/report-worker.ts';
import type { ReportSink, ReportWorkerOptions } from '../../src/queue/report-worker.ts';
import type { Viewing } from '../../src/queue/viewing.ts';
import type { Closable } from '../../src/queue/worker.ts';
import { alice, bench, prod, requester, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { go, scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

const fast: ReportWorkerOptions = { paceMs: 20, backoffMs: () => 50, sweepEveryMs: 100 };

describe('the report outbox', () => {
  let on: Bench;
  let open: Closable[];
  let rendered: Viewing[];
  beforeEach(async () => {
    on = await bench();
    open = [];
    rendered = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((worker) => worker.close({ deadlineMs: 2_000 })));
    await on[Symbol.asyncDispose]();
  });

  const reports = (sink: Partial<ReportSink> = {}, options: ReportWorkerOptions = fast): Closable => {
    const render: ReportSink['render'] = (rendering) => Promise.resolve(void rendered.push(rendering));
    const { workers, records } = on.connections;
    const whole: ReportSink = { render, deliver: () => Promise.resolve(), tellLoss: () => Promise.resolve(), ...sink };
    const worker = createReportWorker({ workers, records, queues: on.queues, sink: whole, clock: systemClock, log: silent }, options);
    open.push(worker);
    return worker;
  };
  const lastState = () => rendered.at(-1)?.view.state;
  const unreported = () => on.probe.zcard('medic:unreported');

  it('renders the newest state last, and fewer times than the run moved', async () => {
    reports();
    on.worker();

    const run = await on.begin(Array.from({ length: 30 }, () => 'work'));
    await on.ended(run.runId);
    await until('the end is rendered', () => lastState() === 'ended');
    await until('nothing is left to report', async () => (await unreported()) === 0);

    expect(rendered.at(-1)?.entries).toHaveLength(62);
    expect(rendered.length).toBeLessThan(31);
    const lengths = rendered.map(({ entries }) => entries.length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  });

  it('renders a run once more when it moved while it was being rendered', async () => {
    let release: (() => void) | undefined;
    const render: ReportSink['render'] = async (rendering) => {
      if (release === undefined) await new Promise<void>((resolve) => (release = resolve));
      rendered.push(rendering);
    };
    // Without the sweep, which would find the run too.
    reports({ render }, { ...fast, sweepEveryMs: 600_000 });
    on.worker();
    const run = await on.begin(['work', 'gate']);
    await until('the first rendering has begun', () => release !== undefined);
    const gate = await on.gate(run.runId);
    await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice });
    await on.ended(run.runId);

    release?.();
    await until('the end is rendered', () => lastState() === 'ended');

    expect(rendered).toHaveLength(2);
  });

  it('tries again until the front is back, and does not hold up the run', async () => {
    let attempts = 0;
    reports({
      render: (rendering) => {
        attempts += 1;
        return attempts <= 8 ? Promise.reject(new Error('Slack is down')) : Promise.resolve(void rendered.push(rendering));
      },
    });
    on.worker();

    const run = await on.begin(['work', 'work']);
    await on.ended(run.runId);
    const attemptsAtTheEnd = attempts;
    await until('the end is rendered', () => lastState() === 'ended');

    expect(attemptsAtTheEnd).toBeLessThan(8);
    expect(attempts).toBe(9);
  });

  it('tries again when a front that limits its callers asked for it, not later', async () => {
    const limited = new OpsError('SLACK_RATE_LIMITED', 'Slack asks to wait.', { details: { retryAfterMs: 1_000 } });
    let attempts = 0;
    reports(
      {
        render: (rendering) => {
          attempts += 1;
          return attempts <= 2 ? Promise.reject(limited) : Promise.resolve(void rendered.push(rendering));
        },
      },
      { ...fast, backoffMs: () => 60_000, sweepEveryMs: 600_000 },
    );
    await on.begin(['work']);
    const since = performance.now();

    on.worker();
    await until('the end is rendered', () => lastState() === 'ended', 20_000);

    expect(attempts).toBe(3);
    expect(performance.now() - since).toBeGreaterThan(1_900);
  });

  it('renders at its start what moved while no report worker lived and nothing was enqueued', async () => {
    on.worker();
    const run = await on.begin(['work']);
    await on.ended(run.runId);
    await on.queues.reports.obliterate({ force: true });

    reports();

    await until('the end is rendered', () => lastState() === 'ended');
    await until('it is noted', async () => (await unreported()) === 0);
    expect(await on.probe.hget(`medic:run:${run.runId}`, 'reported')).toBe('4');
  });

  it('shows a run whose journal cannot be read, with the reason', async () => {
    const run = await on.begin(['work']);
    await on.probe.xadd(`medic:journal:${run.runId}`, '1-0', 'event', '{}', 'at', 'never', 'nonce', 'n');
    await on.probe.zadd('medic:unreported', 0, run.runId);

    reports();

    await until('it is rendered', () => rendered.length > 0);
    expect(rendered[0]).toMatchObject({ view: { run, state: 'running', summary: expect.stringContaining('is not what a journal holds') } });
  });

  it('gives a report up that can never be made, and leaves the run alone', async () => {
    let attempts = 0;
    reports({ render: () => ((attempts += 1), Promise.reject(new OpsError('NOT_ALLOWED', 'not in channel'))) });
    on.worker();

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
    await until('it was given up', async () => (await unreported()) === 0);
    expect(attempts).toBeLessThan(5);
  });

  it('gives up waiting for a rendering that never ends, and renders again', async () => {
    let attempts = 0;
    reports(
      { render: (rendering) => ((attempts += 1) === 1 ? new Promise(() => undefined) : Promise.resolve(void rendered.push(rendering))) },
      { ...fast, renderLimitMs: 200 },
    );
    on.worker();

    const run = await on.begin(['work']);
    await on.ended(run.runId);
    await until('the end is rendered', () => lastState() === 'ended');

    expect(attempts).toBeGreaterThan(1);
  });

  it('shows how far a step has come, at most once a second', async () => {
    const engine = scripted({ redis: on.probe });
    reports();
    on.worker({
      advance: (context) => {
        const entries = context.journal.entries.bind(context.journal);
        for (let percent = 0; percent < 50; percent += 1) context.reporter.progress(context.run, 'hold-0', `${percent} %`);
        return engine({ ...context, journal: { ...context.journal, entries } });
      },
    });

    const run = await on.begin(['hold']);
    await until('progress is shown', () => rendered.some(({ view }) => view.steps[0]?.progress === '0 %'));

    await on.probe.set(go, '1');
    await on.ended(run.runId);
    expect(rendered.flatMap(({ view }) => view.steps[0]?.progress ?? []).every((text) => text === '0 %')).toBe(true);
  });

  describe('with a query worker', () => {
    const answer: Answer = {
      headline: '3 of 3 members answer',
      parts: [{ type: 'sentence', text: 'etcd01 leads.' }],
      next: 'Nothing to do.',
    };
    const queries = (reply: () => Promise<Answer>, answerLimitMs = 2_000) => {
      const deps = { workers: on.connections.workers, queues: on.queues, answer: reply, clock: systemClock, log: silent };
      open.push(createQueryWorker(deps, { answerLimitMs }));
    };
    const ask = () => on.runs.ask({ verb: 'status', cluster: prod, input: {}, requester });
    type Delivery = Parameters<ReportSink['deliver']>[0];

    it('delivers an answer once', async () => {
      const delivered: Delivery[] = [];
      reports({ deliver: (delivery) => Promise.resolve(void delivered.push(delivery)) });
      queries(() => Promise.resolve(answer));

      const ids = [await ask(), await ask()];
      await until('both are delivered', () => delivered.length >= 2);

      expect(delivered.map(({ queryId }) => queryId).toSorted()).toEqual(ids.toSorted());
      expect(delivered[0]).toMatchObject({ query: { verb: 'status', requester }, reply: { state: 'answered', answer } });
    });

    it('delivers it when the front is back', async () => {
      let attempts = 0;
      reports({ deliver: () => ((attempts += 1) < 4 ? Promise.reject(new Error('Slack is down')) : Promise.resolve()) });
      queries(() => Promise.resolve(answer));

      await ask();
      await until('it is delivered', async () => attempts >= 4 && (await on.queues.reports.getJobCountByTypes('completed')) === 1);

      expect(attempts).toBe(4);
    });

    it.each([
      [
        'an OpsError',
        () => Promise.reject(new OpsError('ETCD_NO_QUORUM', '1 of 3 answers')),
        { code: 'ETCD_NO_QUORUM', because: '1 of 3 answers' },
      ],
      ['a bug', () => Promise.reject(new TypeError('x is undefined')), { code: 'INTERNAL' }],
      ['no answer in time', () => new Promise<Answer>(() => undefined), { because: 'No answer to status prod within 0.1 s.' }],
    ])('tells the asker of %s', async (_what, reply, expected) => {
      const delivered: Delivery[] = [];
      reports({ deliver: (delivery) => Promise.resolve(void delivered.push(delivery)) });
      queries(reply, 100);

      await ask();
      await until('it is delivered', () => delivered.length === 1);

      expect(delivered[0]?.reply).toMatchObject({ state: 'failed', ...expected });
    });
  });
});
