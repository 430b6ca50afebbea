/** What is said loudly when somebody breaks the glass. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { glassesOf } from '../../../src/engine/break-glass.ts';
import type { JournalEvent } from '../../../src/engine/journal.ts';
import { viewOf } from '../../../src/engine/view.ts';
import { glassMessage } from '../../../src/slack/blocks/break-glass.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import { summaryMessage } from '../../../src/slack/blocks/summary.ts';
import { wantedReplies } from '../../../src/slack/replies.ts';
import { timeline } from '../../../src/slack/timeline.ts';
import { gate, journalOf, request } from '../fakes.ts';
import { broke, glassBroken, glassCancelled, glassOvertaken, glassUsed } from '../glass.ts';
import { faultsOf, hostile } from '../within-limits.ts';

const people = { approvers: ['U0BOB', 'S0SRE'], operators: ['U0ALICE'] };
const announced = (events: readonly JournalEvent[]) => {
  const entries = journalOf(events);
  return wantedReplies(viewOf(request(), entries), entries, people, { decisions: [], now: new Date('2026-11-22T03:13:00.000Z') }).find(
    ({ key }) => key.startsWith('glass:'),
  );
};
const wordsOf = (events: readonly JournalEvent[]) => {
  const message = announced(events)?.message;
  return message === undefined ? '' : withoutBlocks({ ...message, text: '' });
};
const buttons = (events: readonly JournalEvent[]) =>
  (announced(events)?.message.blocks ?? []).flatMap((block) =>
    block.type === 'actions' ? block.elements.map((element) => (element.type === 'button' ? element.value : '')) : [],
  );

describe('a break-glass in the thread', () => {
  it('is shown in the channel, and says who, why, what is lost, from when on, and to whom', () => {
    expect(announced(glassBroken)).toMatchObject({ broadcast: true, live: true });
    const words = wordsOf(glassBroken);

    expect(words).toContain('Why: alone on call');
    expect(words).toContain('What is lost: all writes after revision 48213');
    expect(words).toMatch(/<@U0ALICE> broke the glass at .* on \(5 min later\) this one yes is enough/);
    expect(words).toContain('Anybody here who may look at prod may cancel it until then.* <@U0BOB> or <!subteam^S0SRE>');
    expect(words).toContain('/etcd cancel-break-glass restore-prod-7f3a9c');
  });

  it('has a button that cancels it, bound to the gate and the plan', () => {
    expect(buttons(glassBroken).map((value) => JSON.parse(value ?? '') as unknown)).toEqual([
      { gateId: gate().gateId, verdict: 'cancel-break-glass', digest: gate().digest },
    ]);
  });

  it.each([
    ['cancelled', glassCancelled, 'Cancelled by <@U0MALLORY>.'],
    ['used', glassUsed, 'Nobody cancelled it: the step was approved by it.'],
    ['overtaken', glassOvertaken, 'It came to nothing: the gate was settled before (rejected).'],
  ] as const)('loses its button and says what became of it when it is %s', (_what, events, words) => {
    expect(wordsOf(events)).toContain(words);
    expect(buttons(events)).toEqual([]);
    expect(announced(events)?.key).toBe(announced(glassBroken)?.key);
  });

  it('is within what Slack takes, whatever the reason and the step hold', () => {
    const [glass] = glassesOf([{ decision: broke, at: broke.at }]);
    if (glass === undefined) throw new Error('unreachable');
    const view = viewOf(request(), journalOf(glassBroken));
    fc.assert(
      fc.property(hostile, hostile, hostile, fc.boolean(), (reason, title, lost, counted) => {
        for (const outcome of [undefined, 'approved', 'voided'] as const) {
          const card = { view, approvers: Array.from({ length: 60 }, (_, index) => `S0GROUP${index}`), outcome, counted };
          expect(faultsOf(glassMessage(gate({ title, reason: lost }), { ...glass, reason }, card))).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a run that went on by a break-glass', () => {
  const ended = journalOf([...glassUsed, { type: 'run-ended', outcome: 'completed', summary: 'Done.' }]);
  const view = viewOf(request(), ended);

  it('says so at its end, with who and why', () => {
    expect(withoutBlocks({ ...summaryMessage(view), text: '' })).toMatch(
      /Break-glass: {2}alone approved “Stop etcd.*”, because: alone on call/,
    );
  });

  it('says so in its timeline: when it was said, from when on it counted, and that it was what approved', () => {
    const text = timeline(view, ended, new Map([['U0ALICE', 'alice']]));

    expect(text).toContain('**alice (U0ALICE)**: break-glass, because: alone on call (counts 5 min later, unless cancelled)');
    expect(text).toContain('gate approved by alice (U0ALICE) (break-glass, because: alone on call, 03:14:00)');
  });
});
