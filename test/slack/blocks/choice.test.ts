/** What the card of a choice says. */
import { describe, expect, it } from 'vitest';
import type { Option } from '../../../src/engine/step.ts';
import { viewOf } from '../../../src/engine/view.ts';
import { choiceCard } from '../../../src/slack/blocks/choice.ts';
import { settledCard } from '../../../src/slack/blocks/gate.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import type { Message } from '../../../src/slack/blocks/message.ts';
import { UserId } from '../../../src/ids.ts';
import { choiceGate, choosing, recovery } from '../crossroads.ts';
import { journalOf } from '../fakes.ts';
import { faultsOf } from '../within-limits.ts';

const view = viewOf(recovery(), journalOf(choosing));
const people = { view, approvers: ['U0BOB', 'U0CAROL'], operators: ['U0ALICE'], decisions: [] };
const wordsOf = (message: Message) => withoutBlocks({ ...message, text: '' });
const buttonsOf = ({ blocks }: Message) =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements.flatMap((each) => (each.type === 'button' ? [each] : [])) : []));

function many(count: number, detail: string): Option[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `way-${index}`,
    title: `Way ${index}`,
    detail,
    possible: index % 7 !== 3,
  }));
}

describe('choiceCard', () => {
  it('shows every way with what it does, on what that rests, who may choose and until when', () => {
    const words = wordsOf(choiceCard(choiceGate(), people));

    expect(words).toContain('Two of three members are down and quorum is lost. Which way back?');
    expect(words).toContain('Start etcd on etcd02\nIts data is intact: nothing is lost. About a minute.');
    expect(words).toContain('Rebuild from etcd01\nLost: what etcd02 and etcd03 had');
    expect(words).toContain('etcd01 and etcd02 intact, etcd03 not reachable');
    expect(words).toContain('<@U0ALICE>, <@U0BOB> or <@U0CAROL> may choose; the first choice counts.');
    expect(words).toMatch(/\*Expires\* <!date\^\d+/);
    expect(words).toContain('Card *2b*: or type `/etcd choose recover-quorum-prod-7f3a9c 2b` and `start` or `survivor`');
  });

  it('shows why a way is not possible, and has no button for it', () => {
    const card = choiceCard(choiceGate(), people);

    expect(wordsOf(card)).toContain('Put back a snapshot — not possible\nThere is no snapshot that passes its check.');
    expect(buttonsOf(card).map(({ text }) => text.text)).toEqual(['Start etcd on etcd02', 'Rebuild from etcd01', 'Abort']);
  });

  it('makes the best way that is possible the first button and the primary one', () => {
    const [start, survivor, snapshot] = choiceGate().options ?? [];
    const options = [snapshot, survivor, start].filter((option) => option !== undefined);

    const buttons = buttonsOf(choiceCard(choiceGate({ options }), people));

    expect(buttons.map(({ action_id: id, style }) => [id, style])).toEqual([
      ['gate.choose.survivor', 'primary'],
      ['gate.choose.start', undefined],
      ['gate.abort', undefined],
    ]);
  });

  it('decides in its first sentence', () => {
    expect(choiceCard(choiceGate(), people).text).toMatch(
      /^Choice needed: Choose how to bring prod back, on prod \(recover-quorum-prod-7f3a9c, expires 03:43 UTC\)\. Two of three/,
    );
  });

  it.each([1, 5, 24, 25, 80])('stays within the limits with %i ways of long details, and keeps its buttons', (count) => {
    const options = many(count, 'It takes a while & loses <something>. '.repeat(200));

    const card = choiceCard(choiceGate({ options }), people);

    expect(faultsOf(card)).toEqual([]);
    expect(buttonsOf(card)).toHaveLength(Math.min(24, options.filter(({ possible }) => possible).length) + 1);
    expect(buttonsOf(card).at(-1)).toMatchObject({ action_id: 'gate.abort' });
  });

  it('shows the heading of each of twenty ways, however long their details are', () => {
    const { blocks } = choiceCard(choiceGate({ options: many(20, 'A long detail. '.repeat(500)) }), people);

    for (let index = 0; index < 20; index += 1) expect(JSON.stringify(blocks)).toContain(`"Way ${index}"`);
  });

  it('shows the way that was taken, by whom and when, and no buttons, once it is settled', () => {
    const decisions = [{ verdict: 'choose' as const, option: 'survivor', by: UserId.parse('U0ALICE'), at: '2026-11-22T03:14:00.000Z' }];

    const card = settledCard({ gate: choiceGate(), outcome: 'chosen', decisions }, { view });

    expect(card.text).toMatch(/^Chosen: Rebuild from etcd01, on prod/);
    expect(wordsOf(card)).toMatch(/Chosen by <@U0ALICE> at <!date/);
    expect(buttonsOf(card)).toEqual([]);
  });
});
