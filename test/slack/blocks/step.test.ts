/** What the reply for a settled step says. */
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../src/engine/journal.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import { stepReply } from '../../../src/slack/blocks/step.ts';

const settled = (note: string): Extract<JournalEntry, { type: 'step-settled' }> => ({
  type: 'step-settled',
  stepId: 's',
  how: 'done',
  note,
  durationMs: 0,
  seq: 1,
  at: '2026-11-22T03:12:00.000Z',
});
const peopleIn = (blocks: unknown) => [...JSON.stringify(blocks).matchAll(/"type":"user","user_id":"(\w+)"/g)].map(([, id]) => id);

describe('stepReply', () => {
  it('shows those who decided by their names, and nobody else', () => {
    const reply = stepReply('Attest', settled('Attested by U0BOB and U0CAROL: U0MALLORY is gone, U0BOBBY too.'), [], ['U0BOB', 'U0CAROL']);

    expect(peopleIn(reply.blocks)).toEqual(['U0BOB', 'U0CAROL']);
  });

  it('keeps the lines of a note, however long it is in all', () => {
    const note = Array.from({ length: 12 }, (_, index) => `Possible: way ${index}. ${'It takes a while. '.repeat(10)}`).join('\n');

    const words = withoutBlocks({ ...stepReply('Choose', settled(note), []), text: '' });

    expect(words.match(/^Possible: way \d+/gm)).toHaveLength(12);
  });
});
