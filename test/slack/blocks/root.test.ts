/** What the root message says at each stage. */
import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../src/engine/journal.ts';
import { viewOf } from '../../../src/engine/view.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import { rootMessage } from '../../../src/slack/blocks/root.ts';
import { attesting, choosing, recovery } from '../crossroads.ts';
import { journalOf, request } from '../fakes.ts';
import { approved, begun, ended, failed, waiting } from '../story.ts';

function at(events: readonly JournalEvent[], run = request()) {
  const entries = journalOf(events);
  const message = rootMessage(viewOf(run, entries, { stepId: 'start', text: '2 of 3 hosts' }), entries);
  return { text: message.text, words: withoutBlocks({ ...message, text: '' }) };
}

describe('rootMessage', () => {
  it('says what, where, who asked, and the state of each step in words', () => {
    const { text, words } = at(approved);

    expect(text).toBe('restore prod: step 6 of 8, Start etcd on 3 hosts');
    expect(words).toContain('Asked by <@U0ALICE>');
    expect(words).toContain('Hand the snapshot to 3 hosts — done, 3.2 s');
    expect(words).toContain('Start etcd on 3 hosts — running: 2 of 3 hosts');
    expect(words).toContain('Delete the old data-dirs for good — to do');
  });

  it.each([
    ['queued', [], 'restore prod: waits for a worker'],
    ['between two steps', begun, 'restore prod: between two steps'],
    [
      'waiting',
      waiting,
      'restore prod: waits for approval: Stop etcd on 3 hosts and put the snapshot’s data in place of the present data-dirs',
    ],
    ['failed', failed, 'restore prod: stopped, “Start etcd on 3 hosts” failed; it waits for Retry or Abort'],
  ] as const)('decides in its first sentence: %s', (_state, events, sentence) => {
    expect(at(events).text).toBe(sentence);
  });

  it('waits for a choice, and shows the steps that follow once it is made', () => {
    const before = at(choosing, recovery());
    const after = at(attesting, recovery());

    expect(before.text).toBe('recover-quorum prod: waits for a choice: Choose how to bring prod back');
    expect(before.words).toContain('Choose how to bring prod back — waits for a choice');
    expect(before.words).not.toContain('Rebuild from etcd01');
    expect(after.text).toBe('recover-quorum prod: waits for an attestation: Attest that etcd03 is gone');
    expect(after.words).toMatch(
      /Choose how to bring prod back — done.*\n.*Attest that etcd03 is gone — waits for an attestation\n.*Rebuild from etcd01 — to do/,
    );
  });

  it('says how it ended, and how long it took', () => {
    const { text, words } = at(ended);

    expect(text).toMatch(/^restore prod: done\. prod serves again from snapshot/);
    expect(words).toMatch(/took 58 s/);
  });
});
