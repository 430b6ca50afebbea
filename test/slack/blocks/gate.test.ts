/** What a gate card says. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../../src/engine/view.ts';
import { ClusterName, UserId } from '../../../src/ids.ts';
import { approvalCard, failureCard, settledCard } from '../../../src/slack/blocks/gate.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import type { Message } from '../../../src/slack/blocks/message.ts';
import { attestGate } from '../crossroads.ts';
import { gate, journalOf, request } from '../fakes.ts';
import { glassBroken, glassCancelled } from '../glass.ts';
import { waiting } from '../story.ts';

const view = viewOf(request(), journalOf(waiting));
const failedAct = [
  ...waiting,
  { type: 'step-started', stepId: 'replace-data', plan: gate().plan, gateId: gate().gateId },
  { type: 'step-failed', stepId: 'replace-data', code: 'HOST_UNREACHABLE', because: 'etcd03 does not answer', hint: '' },
] as const;
const people = { view, approvers: ['U0BOB', 'U0CAROL'], operators: ['U0ALICE'], decisions: [] };
const wordsOf = (message: Message) => withoutBlocks({ ...message, text: '' });
const labels = ({ blocks }: Message) =>
  blocks.flatMap((block) =>
    block.type === 'actions' ? block.elements.map((element) => (element.type === 'button' ? element.text.text : '')) : [],
  );

describe('approvalCard', () => {
  it('says what is done, what is lost, on what it rests, who may approve, how many and until when', () => {
    const words = wordsOf(approvalCard(gate(), people));

    expect(words).toContain('What is lost: all writes after revision 48213');
    for (const { on } of gate().plan) expect(words).toContain(`${on}$ sudo systemctl stop etcd`);
    expect(words).toContain('cdf818194e3a8c32');
    expect(words).toContain('2 approvals are needed');
    expect(words).toContain('<@U0BOB> or <@U0CAROL>');
    expect(words).toMatch(/Expires\*? <!date\^\d+\^\{time\} \{date_short_pretty\}\|03:43 UTC>/);
  });

  it('decides in its first sentence', () => {
    expect(approvalCard(gate(), people).text).toMatch(
      /^Approval needed: Stop etcd on 3 hosts.*on prod \(restore-prod-7f3a9c, expires 03:43 UTC\)/,
    );
  });

  it('says who has approved so far', () => {
    const decisions = [{ verdict: 'approve' as const, by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }];

    expect(wordsOf(approvalCard(gate(), { ...people, decisions }))).toMatch(/\*1 of 2\* so far: <@U0BOB> at/);
  });

  it('does not call on who asked for it, and says so', () => {
    expect(wordsOf(approvalCard(gate(), { ...people, approvers: ['U0ALICE', 'U0BOB'] }))).toContain(
      'needed* from <@U0BOB>; not from <@U0ALICE>, who asked',
    );
  });

  it('offers Approve and Reject, and at an optional step what fits it', () => {
    const optional = gate({ title: 'Delete the old data-dirs for good', otherwise: 'The old data-dirs stay.' });

    expect(labels(approvalCard(gate(), people))).toEqual(['Approve', 'Reject']);
    expect(labels(approvalCard(optional, people))).toEqual(['Delete the old data-dirs for good', 'No, leave it as it is']);
    expect(wordsOf(approvalCard(optional, people))).toContain('If nobody approves: The old data-dirs stay.');
  });

  it('says that the name of the cluster is typed, where it is', () => {
    const card = approvalCard(gate({ confirm: ClusterName.parse('prod') }), people);

    expect(wordsOf(card)).toContain('The approver types the cluster’s name, `prod`.');
    expect(wordsOf(card)).toContain(
      'Card *2p*: or type `/etcd approve restore-prod-7f3a9c 2p prod`; in this thread `@etcd-medic approve 2p prod`',
    );
    expect(labels(card)).toEqual(['Approve …', 'Reject']);
    expect(JSON.stringify(card.blocks)).not.toContain('"confirm"');
  });

  it('says how to go on when nobody is there, where config.yaml lets somebody and the step must be done', () => {
    const alone = { ...people, breakGlassDelayMs: 300_000 };

    expect(wordsOf(approvalCard(gate(), alone))).toContain(
      '`/etcd break-glass restore-prod-7f3a9c 2p &lt;reason&gt;`; it counts after 5 min unless cancelled',
    );
    expect(wordsOf(approvalCard(gate(), people))).not.toContain('break-glass');
    expect(wordsOf(approvalCard(gate({ otherwise: 'It stays.' }), alone))).not.toContain('break-glass');
  });

  it('says while a break-glass stands whose it is and from when on it counts, and not when it is cancelled', () => {
    const standing = approvalCard(gate(), { ...people, view: viewOf(request(), journalOf(glassBroken)) });
    const cancelled = approvalCard(gate(), { ...people, view: viewOf(request(), journalOf(glassCancelled)) });

    expect(wordsOf(standing)).toMatch(/\*Break-glass\* of <@U0ALICE>: counts alone from <!date\^\d+\^\{time_secs\}\|03:17 UTC> on/);
    expect(wordsOf(cancelled)).not.toContain('*Break-glass*');
  });

  it('shows a plan that is longer than one block whole, in order', () => {
    const plan = Array.from({ length: 60 }, (_, index) => ({ on: 'etcd01', argv: ['echo', `line-${index}-${'x'.repeat(50)}`] }));

    const preformatted = approvalCard(gate({ plan }), people)
      .blocks.flatMap((block) => (block.type === 'rich_text' ? block.elements : []))
      .flatMap((section) =>
        section.type === 'rich_text_preformatted' ? section.elements.map((element) => ('text' in element ? element.text : '')) : [],
      );

    expect([...preformatted.join('\n').matchAll(/line-(\d+)-/g)].map(([, index]) => Number(index))).toEqual(
      plan.map((_command, index) => index),
    );
  });
});

describe('approvalCard of an attestation', () => {
  it('says what is attested and why it is asked, and lets it be attested or rejected', () => {
    const card = approvalCard(attestGate(), people);

    expect(card.text).toMatch(/^Attestation needed: Attest that etcd03 is gone, on prod .* To be attested: etcd03’s host is switched off/);
    expect(wordsOf(card)).toContain(
      'To be attested: etcd03’s host is switched off and will not come back by itself.\nWhy it is asked: etcd03 does not answer; from here a cut network looks the same.',
    );
    expect(wordsOf(card)).not.toContain('What is lost');
    expect(wordsOf(card)).toContain('answers neither etcd nor ssh');
    expect(wordsOf(card)).toContain('2 approvals are needed');
    expect(labels(card)).toEqual(['I attest this …', 'Reject']);
  });

  it('says afterwards who attested what', () => {
    const decisions = [{ verdict: 'approve' as const, by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }];

    const card = settledCard({ gate: attestGate(), outcome: 'approved', decisions }, { view });

    expect(card.text).toMatch(/^Attested: Attest that etcd03 is gone/);
    expect(wordsOf(card)).toContain('etcd03’s host is switched off and will not come back by itself.');
    expect(wordsOf(card)).toContain('Attested by <@U0BOB>');
  });
});

describe('failureCard', () => {
  it('says why, what to do, who may decide, and the words that do the same', () => {
    const card = failureCard(gate({ kind: 'failure', title: 'Start etcd', reason: 'exit code 1', hint: 'Look at the journal.' }), people);

    expect(wordsOf(card)).toMatch(/Why: exit code 1\nWhat to do: Look at the journal\./);
    expect(wordsOf(card)).toContain('/etcd retry restore-prod-7f3a9c 2p');
    expect(labels(card)).toEqual(['Retry', 'Abort']);
  });

  it('shows every command whole or not at all: half of a path is another path', () => {
    const plan = Array.from({ length: 19 }, (_, nth) => ({
      on: 'etcd01',
      argv: ['sudo', 'rm', '-rf', `/data/etcd/data.${'restore-prod-7f3a9c.'.repeat(9)}${nth}.old`],
    }));
    const started = failedAct.map((event) =>
      event.type === 'step-started' && event.stepId === 'replace-data' ? { ...event, plan } : event,
    );

    const words = wordsOf(
      failureCard({ ...gate(), kind: 'failure', plan: [] }, { ...people, view: viewOf(request(), journalOf(started)) }),
    );

    const shown = words.split('\n').filter((line) => line.startsWith('etcd01$'));
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter((line) => !line.endsWith('.old'))).toEqual([]);
    expect(words).toContain(`… (${plan.length - shown.length} more lines)`);
  });

  it('says what is done and what is not, and shows the commands with which a person goes on', () => {
    const words = wordsOf(
      failureCard({ ...gate(), kind: 'failure', plan: [] }, { ...people, view: viewOf(request(), journalOf(failedAct)) }),
    );

    expect(words).toContain('Done: hand-out, restore-aside. Not done: replace-data, start, delete-old-data.');
    expect(words).toContain('etcd01$ sudo systemctl stop etcd');
    expect(words).toContain('By hand: `docs/runbooks/restore.md`, under `replace-data`');
  });
});

describe('settledCard', () => {
  const decisions = [{ verdict: 'approve' as const, by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }];

  it.each(['approved', 'rejected', 'expired', 'voided', 'retried', 'aborted'] as const)('has no buttons when %s', (outcome) => {
    expect(labels(settledCard({ gate: gate(), outcome, decisions }, { view }))).toEqual([]);
  });

  it('says who and when', () => {
    expect(wordsOf(settledCard({ gate: gate(), outcome: 'approved', decisions }, { view }))).toMatch(/Approved by <@U0BOB> at <!date/);
  });

  it('says that it was one person alone, who and why', () => {
    const [broken] = decisions.map((one) => ({ ...one, verdict: 'break-glass' as const, reason: 'alone on call', delayMs: 300_000 }));

    const card = settledCard({ gate: gate(), outcome: 'approved', decisions: broken === undefined ? [] : [broken] }, { view });

    expect(card.text).toMatch(/^Approved by break-glass: Stop etcd/);
    expect(wordsOf(card)).toContain('Break-glass:  alone, because: alone on call');
    expect(wordsOf(card)).toMatch(/<@U0BOB> \(break-glass\) at/);
  });

  it('shows what moved when void', () => {
    expect(
      wordsOf(settledCard({ gate: gate(), outcome: 'voided', decisions, difference: 'leader: was etcd01, is etcd02' }, { view })),
    ).toContain('leader: was etcd01, is etcd02');
  });

  it('says what holds when an offer was not taken', () => {
    const card = settledCard({ gate: gate({ otherwise: 'The old data stays.' }), outcome: 'rejected', decisions }, { view });

    expect(card.text).toMatch(/^Declined/);
    expect(wordsOf(card)).toContain('The old data stays.');
  });

  it('has other block ids than the open card', () => {
    const open = approvalCard(gate(), people).blocks.map(({ block_id: id }) => id);
    const settled = settledCard({ gate: gate(), outcome: 'approved', decisions }, { view }).blocks.map(({ block_id: id }) => id);

    expect(settled.filter((id) => open.includes(id))).toEqual([]);
  });
});
