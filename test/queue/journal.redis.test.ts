/** The journal of a run: every kind of entry comes back as it went in, and nothing else does. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision, Gate, JournalEvent, RunRequest } from '../../src/engine/journal.ts';
import { verifyChain } from '../../src/engine/chain.ts';
import { RunId } from '../../src/ids.ts';
import { openJournal, readJournal } from '../../src/queue/journal.ts';
import { keys } from '../../src/queue/keys.ts';
import { appendLua } from '../../src/queue/lua.ts';
import { raiseEpoch } from '../../src/queue/run-state.ts';
import { readStored } from '../../src/queue/stored-journal.ts';
import { alice, bench, prod, requester } from './bench.ts';
import type { Bench } from './bench.ts';
import { systemClock } from './fixtures/scripted.ts';

const at = '2026-11-22T07:00:00.000Z';
const runId = RunId.parse('restore-prod-7f3a9c');
const run: RunRequest = { runId, procedure: 'restore', cluster: prod, input: {}, requester, mode: 'execute', requestedAt: at };
const stop = { on: 'etcd01', argv: ['systemctl', 'stop', 'etcd'] };
const plan = [stop];
const resumed = { type: 'step-resumed', stepId: 'stop' } as const satisfies JournalEvent;
const command = { ...stop, changes: true, exitCode: 0, durationMs: 12, output: 'ok', outputBytes: 2, outputSha256: 'a'.repeat(64) };
const gate: Gate = {
  gateId: `${runId}.1`,
  kind: 'approval',
  stepId: 'stop',
  title: 'Stop',
  plan,
  facts: { leader: 'etcd01' },
  reason: 'all of it',
  hint: 'look twice',
  otherwise: 'it stays',
  digest: 'd',
  required: 2,
  confirm: prod,
  openedAt: at,
  expiresAt: at,
};
const decision: Decision = { verdict: 'approve', by: alice, at };
const events: readonly JournalEvent[] = [
  {
    type: 'run-prepared',
    prepared: { snapshot: 'x', nested: [1, null, 'é\u00a0😀'] },
    steps: [{ id: 'stop', title: 'Stop', kind: 'destroy' }],
    summary: 's',
  },
  { type: 'gate-opened', gate },
  { type: 'gate-said', gateId: gate.gateId, decision: { ...decision, verdict: 'break-glass', reason: 'alone', delayMs: 5, typed: 'prod' } },
  { type: 'gate-settled', gateId: gate.gateId, outcome: 'approved', decisions: [decision], difference: 'none' },
  { type: 'step-started', stepId: 'stop', plan, gateId: gate.gateId },
  resumed,
  { type: 'command', stepId: 'stop', command },
  { type: 'step-settled', stepId: 'stop', how: 'done', note: 'n', plan, durationMs: 1 },
  { type: 'step-failed', stepId: 'stop', code: 'HOST_UNREACHABLE', because: 'b', hint: 'h' },
  { type: 'run-ended', outcome: 'completed', summary: 's' },
];

describe('journal', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const opened = async () => {
    const { records } = on.connections;
    return openJournal({ records, clock: systemClock, run, epoch: await raiseEpoch(records, runId), decisionsRead: () => undefined });
  };

  it('gives back every kind of event as it was appended, in order and numbered without a gap', async () => {
    const journal = await opened();

    const appended = await Promise.all(events.map((event) => journal.append(event)));

    expect(await journal.entries()).toEqual(appended);
    expect(appended.map(({ seq: _seq, at: _at, hash: _hash, ...event }) => event)).toEqual(events);
    expect(appended.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index));
  });

  it('cuts the output of a command that is too long, and keeps what says so', async () => {
    const journal = await opened();
    const output = 'x'.repeat(300_000);

    await journal.append({ type: 'command', stepId: 's', command: { ...command, output, outputBytes: output.length } });

    const [entry] = await journal.entries();
    expect(entry).toMatchObject({ command: { outputBytes: 300_000, outputSha256: command.outputSha256 } });
    expect(JSON.stringify(entry).length).toBeLessThan(20_000);
  });

  it('takes nothing more once something could not be appended', async () => {
    const journal = await opened();
    await journal.append(resumed);

    const tooLarge = journal.append({ type: 'step-failed', stepId: 's', code: 'C', because: 'x'.repeat(300_000), hint: 'h' });
    const after = journal.append(resumed);

    await expect(tooLarge).rejects.toMatchObject({ code: 'JOURNAL_INVALID' });
    await expect(after).rejects.toMatchObject({ code: 'JOURNAL_INVALID' });
    expect(await journal.entries()).toHaveLength(1);
  });

  it('lets one of two writers append, the one that took the run up last', async () => {
    const [first, second] = [await opened(), await opened()];

    const results = await Promise.allSettled([first.append(resumed), second.append(resumed), first.append(resumed)]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(results[0]).toMatchObject({ reason: { code: 'RUN_TAKEN_OVER' } });
    expect(await second.entries()).toHaveLength(1);
  });

  it('knows an append that is sent again after a reconnect', async () => {
    const { records } = on.connections;
    const epoch = await raiseEpoch(records, runId);
    const redisKeys = [keys.journal(runId), keys.run(runId), keys.unreported, 'g', 's'];
    const send = (nonce: string, seq: number, before: string, hash: string) =>
      records.eval(appendLua, 5, ...redisKeys, epoch, JSON.stringify(resumed), at, nonce, 60_000, 10, 0, runId, 'none', seq, before, hash);

    const replies = [await send('one', 0, 'a', 'b'), await send('one', 0, 'a', 'b'), await send('two', 1, 'b', 'c')];

    expect(replies).toEqual([
      ['ok', 0],
      ['ok', 0],
      ['ok', 1],
    ]);
    expect(await readJournal(on.probe, runId)).toHaveLength(2);
  });

  it('chains each entry to the one before, also over several take-ups', async () => {
    const first = await opened();
    await first.append(resumed);
    const second = await opened();
    await second.entries();
    await second.append(resumed);
    const third = await opened();
    await third.append(resumed);

    const verdict = verifyChain(run, await readStored(on.probe, runId));

    expect(verdict).toMatchObject({ state: 'whole', begins: 0, head: { entries: 3 } });
    expect(await third.entries()).toHaveProperty('2.hash', verdict.state === 'whole' ? verdict.head.hash : '');
  });

  it.each([
    ['when somebody else wrote past it', async () => on.probe.xadd(...foreign('2-0', 'x'.repeat(64)))],
    ['when Redis has lost the end of it', async () => on.probe.xdel(`medic:journal:${runId}`, '1-0')],
    [
      'when the last entry is another one',
      async () => {
        await on.probe.del(`medic:journal:${runId}`);
        await on.probe.xadd(...foreign('1-0', 'x'.repeat(64)));
      },
    ],
  ])('takes nothing more from a writer that knows another end, %s', async (_when, meanwhile) => {
    const journal = await opened();
    await journal.append(resumed);

    await meanwhile();

    await expect(journal.append(resumed)).rejects.toMatchObject({ code: 'JOURNAL_MOVED', retry: 'later' });
  });

  it('goes on with a journal of a version that had no chain, and holds from then on what stood there', async () => {
    for (const seq of [1, 2])
      await on.probe.xadd(`medic:journal:${runId}`, `${seq}-0`, 'event', JSON.stringify(resumed), 'at', at, 'nonce', 'n');
    const journal = await opened();

    expect(await journal.entries()).toHaveLength(2);
    await journal.append(resumed);

    expect(verifyChain(run, await readStored(on.probe, runId))).toMatchObject({ state: 'whole', begins: 2 });
  });

  it('does not let a run go on from an entry that was changed, and still shows it and lets it be ended', async () => {
    const before = await opened();
    await before.append({ ...resumed, stepId: 'copy' });
    await before.append(resumed);
    const [entry] = await on.probe.xrange(`medic:journal:${runId}`, '1-0', '1-0');
    await on.probe.del(`medic:journal:${runId}`);
    const fields = entry?.[1] ?? [];
    await on.probe.xadd(`medic:journal:${runId}`, '1-0', ...fields.with(1, JSON.stringify({ ...resumed, stepId: 'delete' })));
    const journal = await opened();

    await expect(journal.entries()).rejects.toMatchObject({ code: 'JOURNAL_INVALID', message: expect.stringContaining('Entry 0') });
    expect(await readJournal(on.probe, runId)).toHaveLength(1);
    await journal.append({ type: 'run-ended', outcome: 'aborted', summary: 's' });
    expect(verifyChain(run, await readStored(on.probe, runId))).toMatchObject({ state: 'broken', seq: 0, fault: 'changed' });
  });

  it('is read in pages without a loss', async () => {
    const journal = await opened();
    await Promise.all(Array.from({ length: 1_005 }, () => journal.append(resumed)));

    const stored = await readStored(on.probe, runId);

    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_entry, index) => index));
    expect(verifyChain(run, stored)).toMatchObject({ state: 'whole', head: { entries: 1_005 } });
  });

  const foreign = (id: string, hash: string): [string, string, ...string[]] => {
    const fields = { event: JSON.stringify(resumed), at, nonce: 'n', hash };
    return [`medic:journal:${runId}`, id, ...Object.entries(fields).flat()];
  };

  it.each([
    [
      'a gap',
      async () => on.probe.xadd(`medic:journal:${runId}`, '3-0', 'event', JSON.stringify(resumed), 'at', at, 'nonce', randomUUID()),
    ],
    [
      'something that is no event',
      async () => on.probe.xadd(`medic:journal:${runId}`, '2-0', 'event', '{"type":"step-resumed"}', 'at', at, 'nonce', 'n'),
    ],
    ['something that is no JSON', async () => on.probe.xadd(`medic:journal:${runId}`, '2-0', 'event', '{', 'at', at, 'nonce', 'n')],
  ])('does not believe a journal with %s', async (_what, spoil) => {
    const journal = await opened();
    await journal.append(resumed);

    await spoil();

    await expect(readJournal(on.probe, runId)).rejects.toMatchObject({ code: 'JOURNAL_INVALID' });
  });
});
