/** What the terminal makes of the desk's answers: what is shown, and the exit code. */
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../src/commands/reply.ts';
import { viewOf } from '../../src/engine/view.ts';
import { terminalWords } from '../../src/terminal/arguments.ts';
import { listenToPerson } from '../../src/terminal/asking.ts';
import { exitCodes } from '../../src/terminal/exit-codes.ts';
import { follow } from '../../src/terminal/follow.ts';
import { createLines } from '../../src/terminal/output.ts';
import { showReply } from '../../src/terminal/reply.ts';
import type { Waiting } from '../../src/terminal/reply.ts';
import { alice, bob, open } from '../commands/open-desk.ts';
import { fakeRuns, journalOf, request } from '../slack/fakes.ts';
import { ended, waiting } from '../slack/story.ts';
import { until } from '../slack/local-slack.ts';

const run = request();
const { runId } = run;
const view = viewOf(run, journalOf(waiting));

function terminal() {
  const said: string[] = [];
  return { said, output: createLines({ print: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) }) };
}

describe('the exit code', () => {
  const answer = { headline: 'h', parts: [] };
  const refusal = (code: Extract<Reply, { kind: 'refused' }>['code']): Reply => ({ kind: 'refused', code, sentence: 's', next: 'n' });
  const receipt = (counted: boolean): Reply => ({ kind: 'receipt', run: runId, counted, sentence: 's' });
  const started: Reply = { kind: 'started', run, sentence: 's' };
  const asked: Reply = { kind: 'asked', jobId: '1', sentence: 's' };
  const failed = { state: 'failed', code: 'ETCD_UNREACHABLE', sentence: 's', next: 'n' } as const;

  it.each<[string, Reply, Partial<Waiting>, number]>([
    ['an answer', { kind: 'answer', answer }, {}, 0],
    ['a word that counted', receipt(true), {}, 0],
    ['a word that came too late', receipt(false), {}, 1],
    ['a run that completed', started, { followed: async () => ({ state: 'ended', outcome: 'completed' }) }, 0],
    ['a run that was planned', started, { followed: async () => ({ state: 'ended', outcome: 'planned' }) }, 0],
    ['a plan that would stop as things are', started, { followed: async () => ({ state: 'ended', outcome: 'planned', stops: true }) }, 1],
    ['a run that was rejected', started, { followed: async () => ({ state: 'ended', outcome: 'rejected' }) }, 1],
    ['a run that was left', started, { followed: async () => ({ state: 'left' }) }, 130],
    ['a run that cannot be seen any more', started, { followed: async () => ({ state: 'out-of-sight', because: 'b' }) }, 74],
    ['a question that was answered', asked, { answered: async () => ({ state: 'answered', answer }) }, 0],
    ['a question that could not be answered', asked, { answered: async () => failed }, 1],
    ['a cluster that is held', { kind: 'held', by: view, sentence: 's', next: 'n' }, {}, 75],
    ['words that are no command', refusal('INPUT_INVALID'), {}, 64],
    ['a Redis that does not answer', refusal('QUEUE_UNAVAILABLE'), {}, 69],
    ['somebody who may not', refusal('NOT_ALLOWED'), {}, 77],
    ['a journal that was changed', refusal('JOURNAL_INVALID'), {}, 1],
  ])('of %s', async (_what, reply, waits, code) => {
    const never = () => Promise.reject(new Error('not asked for'));

    expect(await showReply(reply, terminal().output, { followed: never, answered: never, ...waits })).toBe(code);
  });

  it('comes with a sentence that says that the run goes on, and how to look at it, when it cannot be seen any more', async () => {
    const { said, output } = terminal();
    const followed = async () => ({ state: 'out-of-sight', because: 'Redis has not answered for 30 s.' }) as const;

    await showReply(started, output, { followed, answered: () => Promise.reject(new Error('not asked for')) });

    expect(said.at(-1)).toMatch(/^! Redis has not answered for 30 s\. restore-prod-7f3a9c goes on;.*`show restore-prod-7f3a9c`/);
  });

  it('has a row for each in docs/terminal.md', () => {
    const page = readFileSync('docs/terminal.md', 'utf8');

    expect([...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))).toEqual(Object.values(exitCodes));
  });
});

describe('--json', () => {
  it('is the terminal’s own word wherever it stands, and no word behind --', () => {
    expect(terminalWords(['show', '--json', 'x'])).toEqual({ json: true, words: ['show', 'x'] });
    expect(terminalWords(['put', 'demo', 'k', '--', '--json'])).toEqual({ json: false, words: ['put', 'demo', 'k', '--', '--json'] });
  });
});

describe('a person who follows a run', () => {
  const none: readonly { id: string }[] = [];
  const nothing: Waiting = { followed: async () => ({ state: 'left' }), answered: () => Promise.reject(new Error('not asked for')) };

  function sitting(by = alice, verbs = none) {
    const { desk, runs } = open(waiting);
    const { said, output } = terminal();
    const input = new PassThrough();
    const stop = listenToPerson({ desk, person: by, verbs, output, input, show: (reply) => showReply(reply, output, nothing) }, runId);
    const heard = (pattern: RegExp) =>
      until(
        async () => said.some((line) => pattern.test(line)),
        5_000,
        () => said.join('\n'),
      );
    return { input, said, runs, stop, heard };
  }

  it('answers at a gate without the name of the run', async () => {
    const { input, heard, runs, stop } = sitting();

    input.write('reject\n');

    await heard(/rejection .* is recorded/);
    stop();
    expect(runs.calls).toContainEqual({ method: 'decide', args: [`${runId}.1`, { verdict: 'reject', by: 'U0ALICE' }] });
  });

  it('who asked for the run is refused an approval, and somebody else is not', async () => {
    const [asker, other] = [sitting(alice), sitting(bob)];

    asker.input.write('approve\n');
    other.input.write('\napprove\n');

    await asker.heard(/^! U0ALICE asked for this run, so somebody else has to approve it/);
    await other.heard(/approval .* is recorded/);
    asker.stop();
    other.stop();
    expect([asker, other].map(({ runs }) => runs.calls.length)).toEqual([0, 1]);
  });

  it('begins nothing else from there', async () => {
    const { input, heard, runs, stop } = sitting(alice, [{ id: 'backup' }]);

    input.write('backup prod\n');

    await heard(/only words about restore-prod-7f3a9c/);
    stop();
    expect(runs.calls).toEqual([]);
  });

  it('is told at a gate that it can be answered there, and a program is not', async () => {
    const { runs, put } = fakeRuns();
    put(run, journalOf(ended));
    const clock = { now: () => new Date(), sleep: async () => undefined };
    const told = async (interactive: boolean) => {
      const { said, output } = terminal();
      await follow({ runs, clock, output, signal: new AbortController().signal, interactive }, run);
      return said.filter((line) => line.startsWith('You can answer here'));
    };

    expect(await told(true)).toHaveLength(ended.filter(({ type }) => type === 'gate-opened').length);
    expect(await told(false)).toEqual([]);
  });
});
