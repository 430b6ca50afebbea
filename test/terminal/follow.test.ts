/** A terminal that follows a run, over a Redis that stops answering for a while or for good. */
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/engine/journal.ts';
import { OpsError } from '../../src/errors.ts';
import { follow } from '../../src/terminal/follow.ts';
import { createLines } from '../../src/terminal/output.ts';
import { fakeClock, journalOf, request } from '../slack/fakes.ts';
import { begun, ended } from '../slack/story.ts';

const run = request();
const silence = () => Promise.reject(new OpsError('QUEUE_UNAVAILABLE', 'Redis did not answer: Command timed out'));

/** Follows over what each look gives, the last one for ever. */
async function followed(
  looks: readonly (() => Promise<readonly JournalEntry[]>)[],
  {
    signal = new AbortController().signal,
    interactive = true,
    workers = () => Promise.resolve(1),
  }: { readonly signal?: AbortSignal; readonly interactive?: boolean; readonly workers?: (atMs: number) => Promise<number> } = {},
) {
  const said: string[] = [];
  const clock = fakeClock();
  let count = 0;
  const journal = () => (looks[Math.min(count++, looks.length - 1)] ?? silence)();
  const sleeping = { now: clock.now, sleep: async (ms: number) => clock.forward(ms) };
  const output = createLines({ print: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) });
  const startMs = clock.now().getTime();
  const runs = { journal, workers: () => workers(clock.now().getTime() - startMs) };
  const outcome = await follow({ runs, clock: sleeping, output, signal, interactive }, run);
  return { outcome, said, looks: count };
}
const aboutRedis = (said: readonly string[]) => said.filter((line) => line.includes('Redis'));
const all = () => Promise.resolve(journalOf(ended));
const first = () => Promise.resolve(journalOf(begun));

describe('a terminal that follows a run', () => {
  it('gives how the run ended', async () => {
    expect((await followed([first, all])).outcome).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('gives that a plan would stop', async () => {
    const stopping = journalOf([
      { type: 'run-prepared', prepared: {}, summary: 's', steps: [{ id: 'preflight', title: 'Look', kind: 'check' }] },
      { type: 'step-settled', stepId: 'preflight', how: 'planned', stops: true, note: 'It does not hold now: no.', durationMs: 1 },
      { type: 'run-ended', outcome: 'planned', summary: 's' },
    ]);

    expect((await followed([() => Promise.resolve(stopping)])).outcome).toEqual({ state: 'ended', outcome: 'planned', stops: true });
  });

  it('looks again when Redis does not answer, and says so once, and once that it answers again', async () => {
    const { outcome, said } = await followed([first, silence, silence, silence, first, silence, all]);

    expect(outcome).toEqual({ state: 'ended', outcome: 'completed' });
    expect(aboutRedis(said)).toEqual([
      expect.stringContaining('does not answer'),
      'Redis answers again.',
      expect.stringContaining('does not answer'),
      'Redis answers again.',
    ]);
  });

  it('prints no entry twice and none never, whatever Redis does in between', async () => {
    const { said } = await followed([silence, first, silence, all]);
    const undisturbed = (await followed([all])).said;

    expect(said.filter((line) => !line.includes('Redis'))).toEqual(undisturbed);
  });

  it('is out of sight of the run when Redis does not answer for half a minute in a row', async () => {
    const brief = Array.from({ length: 50 }, () => silence);
    const { outcome, looks } = await followed([first, ...brief, first, silence]);

    expect(outcome).toEqual({ state: 'out-of-sight', because: 'Redis has not answered for 30 s.' });
    // One look every half second, from the first one that failed.
    expect(looks).toBe(1 + brief.length + 1 + 61);
  });

  it('can be left while Redis does not answer', async () => {
    expect((await followed([silence], { signal: AbortSignal.abort() })).outcome).toEqual({ state: 'left' });
  });

  it('does not take an error of another kind for a silence', async () => {
    const gone = () => Promise.reject(new OpsError('RUN_NOT_FOUND', 'There is no run.'));

    await expect(followed([first, gone])).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('names steps by their titles, also when the run is prepared at the moment of a look', async () => {
    const { said } = await followed([all]);

    expect(said.join('\n')).toContain('Look at 3 hosts: ssh, sudo, tools, disk, settings …');
    expect(said.join('\n')).not.toContain('preflight …');
  });

  it('says when the last worker has gone, and when one is there again', async () => {
    const waiting = Array.from({ length: 60 }, () => first);
    const { said } = await followed([...waiting, all], { workers: async (atMs) => (atMs >= 10_000 && atMs < 20_000 ? 0 : 1) });

    expect(said.filter((line) => line.includes('worker is there'))).toEqual([
      expect.stringMatching(/No worker is there any more: the run stands still.*systemctl start etcd-medic/),
      'A worker is there now.',
    ]);
  });

  it('says nothing of workers when Redis does not say who is there', async () => {
    const { outcome, said } = await followed([first, first, all], { workers: silence });

    expect(outcome).toMatchObject({ state: 'ended' });
    expect(said.join('\n')).not.toContain('worker is there');
  });
});
