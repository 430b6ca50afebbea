import { describe, expect, it } from 'vitest';
import { chained } from '../fakes/chain.ts';
import { journalOf, request } from '../slack/fakes.ts';
import { ended } from '../slack/story.ts';
import { verifyChain } from '../../src/engine/chain.ts';
import { verifyReply } from '../../src/commands/verify-words.ts';
import { mallory, open, person } from './open-desk.ts';

const run = request();
const { entries, stored } = chained(run, journalOf(ended));
const verdict = verifyChain(run, stored);
const headAt = (seq: number) => entries[seq]?.hash ?? '';
const last = entries.length - 1;
const said = (reply: Awaited<ReturnType<typeof verifyReply>>) => JSON.stringify(reply);

describe('verify-journal', () => {
  it('says that a journal is whole, gives its head, and what that does not prove', () => {
    const reply = verifyReply(run.runId, verdict);

    expect(reply).toMatchObject({ kind: 'answer', answer: { headline: expect.stringContaining('is whole') } });
    expect(said(reply)).toContain(`${entries.length} entries, sha256 ${headAt(last)}`);
    expect(said(reply)).toContain('Whoever can write to Redis could have made the whole chain anew');
  });

  it('holds it against a head that was noted, of its end or of an earlier entry', () => {
    expect(said(verifyReply(run.runId, verdict, headAt(last)))).toContain('the very head that was noted');
    expect(said(verifyReply(run.runId, verdict, headAt(last - 2)))).toContain(`entry ${last - 2}; 2 entries were written after it`);
  });

  it('refuses a journal that is whole in itself and has not the head that was noted', () => {
    expect(verifyReply(run.runId, verdict, 'a'.repeat(64))).toMatchObject({ kind: 'refused', code: 'JOURNAL_INVALID' });
  });

  it.each([
    ['was changed', stored.with(3, { ...stored[3], event: '{}' } as never)],
    ['is missing', stored.toSpliced(3, 1)],
    ['is not in its place', stored.with(3, { ...stored[4], seq: 3 } as never).with(4, { ...stored[3], seq: 4 } as never)],
  ])('names the first entry that %s', (what, tampered) => {
    expect(verifyReply(run.runId, verifyChain(run, tampered))).toMatchObject({
      kind: 'refused',
      code: 'JOURNAL_INVALID',
      sentence: expect.stringContaining(`entry 3 ${what}`),
    });
  });

  it('says of a run that an older version began where the chain begins', () => {
    const begunEarlier = stored.map(({ hash = '', ...entry }, seq) => (seq < 3 ? entry : { ...entry, hash }));
    const older = stored.map(({ hash: _hash, ...entry }) => entry);

    expect(said(verifyReply(run.runId, verifyChain(run, begunEarlier)))).toContain('Entries 0 to 2 were written by a version');
    expect(verifyReply(run.runId, verifyChain(run, older))).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('no chain'),
    });
  });

  it('is a word of the desk, for whoever may see the run', async () => {
    const { say } = open(ended);
    const elsewhere = person('U0ALICE', { channel: { id: 'C0ELSE', name: 'general' } });

    expect(await say(`verify-journal ${run.runId} --head ${headAt(last)}`)).toMatchObject({ kind: 'answer' });
    expect(await say(`verify-journal ${run.runId} --head abc`)).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('64') });
    expect(await say(`verify-journal ${run.runId}`, elsewhere)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(await say(`verify-journal ${run.runId}`, mallory)).toMatchObject({ kind: 'answer' });
  });
});

describe('show --journal', () => {
  it('gives every entry to whoever may see the run', async () => {
    const { say } = open(ended);
    const elsewhere = person('U0ALICE', { channel: { id: 'C0ELSE', name: 'general' } });

    const reply = await say(`show ${run.runId} --journal`);

    expect(reply).toMatchObject({ kind: 'journal', view: { run: { runId: run.runId } } });
    expect(reply.kind === 'journal' && reply.entries).toHaveLength(ended.length);
    expect(await say(`show ${run.runId} --journal`, elsewhere)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
  });

  it('needs no name of the run inside its thread', async () => {
    const { desk } = open(ended);
    const by = person('U0BOB');

    for (const words of ['show --journal', `show ${run.runId} --journal`, `show --journal ${run.runId}`])
      expect(await desk.take({ words, prefix: '@', run: run.runId }, by), words).toMatchObject({ kind: 'journal' });
    expect(await desk.take({ words: `verify-journal --head ${headAt(0)}`, prefix: '@', run: run.runId }, by)).toMatchObject({
      kind: 'answer',
    });
  });
});
