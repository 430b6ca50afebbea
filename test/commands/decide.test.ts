/** Decisions at gates, typed and clicked. */
import { describe, expect, it } from 'vitest';
import { gate, request } from '../slack/fakes.ts';
import { attesting, choiceGate, choosing, recovery } from '../slack/crossroads.ts';
import { ended, failed, waiting } from '../slack/story.ts';
import { alice, bob, mallory, open, person } from './open-desk.ts';

const run = request().runId;

describe('decisions', () => {
  it('records an approval of an approver, and says how many are missing', async () => {
    const { say, runs } = open(waiting);

    expect(await say(`approve ${run}`, bob)).toMatchObject({
      kind: 'receipt',
      counted: true,
      sentence: expect.stringContaining('1 more approval is needed') as string,
    });
    expect(runs.calls).toEqual([{ method: 'decide', args: [gate().gateId, { verdict: 'approve', by: 'U0BOB' }] }]);
  });

  it.each([
    ['who asked for it', alice],
    ['who is on no list', mallory],
    ['who is of another team', person('U0BOB', { team: 'T0OTHER' })],
    ['who is in another channel', person('U0BOB', { channel: { id: 'C0RANDOM' } })],
  ])('does not record an approval of one %s', async (_who, by) => {
    const { say, desk, runs } = open(waiting);

    expect(await say(`approve ${run}`, by)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(await desk.click({ gateId: gate().gateId, digest: gate().digest, verdict: 'approve' }, by)).toMatchObject({
      kind: 'refused',
      code: 'NOT_ALLOWED',
    });
    expect(runs.calls).toEqual([]);
  });

  it('lets the requester say no', async () => {
    const { say } = open(waiting);

    expect(await say(`reject ${run}`)).toMatchObject({ kind: 'receipt', counted: true });
  });

  it('counts a double click once, and says so', async () => {
    const { desk, runs } = open(waiting);
    const click = { gateId: gate().gateId, digest: gate().digest, verdict: 'approve' } as const;

    const [first, second] = [await desk.click(click, bob), await desk.click(click, bob)];

    expect(first).toMatchObject({ counted: true });
    expect(second).toMatchObject({ counted: false, sentence: expect.stringContaining('already said “approve”') as string });
    expect(await runs.decisions.at(gate().gateId)).toHaveLength(1);
  });

  it('does not take a click on a card of another plan', async () => {
    const { desk, runs } = open(waiting);

    expect(await desk.click({ gateId: gate().gateId, digest: 'other', verdict: 'approve' }, bob)).toMatchObject({
      kind: 'refused',
      code: 'GATE_CLOSED',
      sentence: expect.stringContaining('plan has moved') as string,
    });
    expect(runs.calls).toEqual([]);
  });

  it('does not take a click on a card of an older gate', async () => {
    const { desk, runs } = open(failed);

    expect(await desk.click({ gateId: gate().gateId, digest: gate().digest, verdict: 'approve' }, bob)).toMatchObject({
      kind: 'refused',
      code: 'GATE_CLOSED',
    });
    expect(runs.calls).toEqual([]);
  });

  it('does not let an old card answer a new gate of the same plan', async () => {
    const again = gate({ gateId: 'restore-prod-7f3a9c.2' });
    const { desk, runs } = open([
      ...waiting,
      { type: 'gate-settled', gateId: gate().gateId, outcome: 'voided', decisions: [] },
      { type: 'gate-opened', gate: again },
    ]);

    const reply = await desk.click({ gateId: gate().gateId, digest: again.digest, verdict: 'approve' }, bob);

    expect(reply).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED', next: expect.stringContaining('newest card') as string });
    expect(runs.calls).toEqual([]);
  });

  it('does not take a decision after the expiry', async () => {
    const { say, clock, runs } = open(waiting);
    clock.forward(60 * 60_000);

    expect(await say(`approve ${run}`, bob)).toMatchObject({
      kind: 'receipt',
      counted: false,
      sentence: expect.stringContaining('expired') as string,
    });
    expect(runs.calls).toEqual([]);
  });

  it('says which words fit the gate', async () => {
    const { say } = open(waiting);

    expect(await say(`retry ${run}`)).toMatchObject({ kind: 'refused', next: `Say \`approve ${run} 2p\` or \`reject ${run} 2p\`.` });
    expect(await open(failed).say(`approve ${run}`, bob)).toMatchObject({
      kind: 'refused',
      next: `Say \`retry ${run} 5x\` or \`abort ${run} 5x\`.`,
    });
  });

  it('says where a run stands that waits for nobody', async () => {
    expect(await open(ended).say(`approve ${run}`, bob)).toMatchObject({
      kind: 'refused',
      code: 'GATE_CLOSED',
      sentence: expect.stringContaining('completed') as string,
    });
  });

  it('retries and aborts for operators', async () => {
    expect(await open(failed).say(`retry ${run}`)).toMatchObject({ kind: 'receipt', counted: true });
    expect(await open(failed).say(`abort ${run}`)).toMatchObject({ kind: 'receipt', counted: true });
    expect(await open(failed).say(`abort ${run}`, mallory)).toMatchObject({ kind: 'refused' });
    expect(await open(ended).say(`abort ${run}`)).toMatchObject({ kind: 'receipt', counted: false });
  });
});

describe('choices', () => {
  const chooser = recovery().runId;

  it.each([
    ['the operator who asked', alice],
    ['an approver', bob],
  ])('records the choice of %s, typed or clicked', async (_who, by) => {
    const typed = open(choosing, recovery());
    const clicked = open(choosing, recovery());
    const { gateId, digest } = choiceGate();

    const said = await typed.say(`choose ${chooser} Survivor`, by);
    const click = await clicked.desk.click({ gateId, digest, verdict: 'choose', option: 'survivor' }, by);

    expect(said).toEqual({
      kind: 'receipt',
      run: chooser,
      counted: true,
      people: [],
      sentence: `Your choice at “Choose how to bring prod back” (${chooser}) is recorded.`,
    });
    expect(click).toEqual(said);
    for (const { runs } of [typed, clicked])
      expect(runs.calls).toEqual([{ method: 'decide', args: [gateId, { verdict: 'choose', option: 'survivor', by: by.user }] }]);
  });

  it.each([
    ['who is on no list', mallory],
    ['who is in another channel', person('U0BOB', { channel: { id: 'C0RANDOM' } })],
  ])('does not record the choice of one %s', async (_who, by) => {
    const { say, runs } = open(choosing, recovery());

    expect(await say(`choose ${chooser} start`, by)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(runs.calls).toEqual([]);
  });

  it.each([
    ['survivors', '`survivors` is not one of the ways there are. Did you mean `survivor`?'],
    ['prayer', '`prayer` is not one of the ways there are.'],
    ['snapshot', '“Put back a snapshot” is not possible: There is no snapshot that passes its check.'],
  ])('refuses `choose … %s`, and says what can be chosen', async (option, sentence) => {
    const { say, runs } = open(choosing, recovery());

    expect(await say(`choose ${chooser} ${option}`)).toEqual({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence,
      next: `Say \`choose ${chooser} 2b start\` or \`choose ${chooser} 2b survivor\` or \`abort ${chooser} 2b\`.`,
    });
    expect(runs.calls).toEqual([]);
  });

  it('takes no choice where none is open, and no yes where one is', async () => {
    expect(await open(waiting).say(`choose ${run} start`)).toMatchObject({
      kind: 'refused',
      sentence: `${run} waits for an approval; \`choose\` does not fit there.`,
    });
    expect(await open(choosing, recovery()).say(`approve ${chooser}`, bob)).toMatchObject({
      kind: 'refused',
      sentence: `${chooser} waits for a choice; \`approve\` does not fit there.`,
    });
  });

  it('tells the second of two who was first', async () => {
    const { say } = open(choosing, recovery());
    await say(`choose ${chooser} start`);

    expect(await say(`choose ${chooser} survivor`, bob)).toMatchObject({
      kind: 'receipt',
      counted: false,
      sentence: 'U0ALICE was first and chose “Start etcd on etcd02”; your choice was not recorded.',
      people: ['U0ALICE'],
    });
    expect(await say(`choose ${chooser} survivor`)).toMatchObject({
      sentence: `You had already said “choose start” at “Choose how to bring prod back” (${chooser}); the first word counts.`,
    });
  });

  it('shows the ways there are, with the reason where one is not possible', async () => {
    const { say } = open(choosing, recovery());

    const reply = await say(`show ${chooser}`);

    expect(reply).toMatchObject({
      answer: {
        headline: `${chooser} waits for a choice at step 2 of 2, “Choose how to bring prod back”.`,
        next: `\`choose ${chooser} 2b start\` or \`choose ${chooser} 2b survivor\` or \`abort ${chooser} 2b\``,
      },
    });
    expect(JSON.stringify(reply)).toContain('`survivor`: Rebuild from etcd01. Lost: what etcd02');
    expect(JSON.stringify(reply)).toContain('Not possible: Put back a snapshot. There is no snapshot that passes its check.');
  });
});

describe('attestations', () => {
  const attester = recovery().runId;

  it('are given by approvers, and not by who asked', async () => {
    const { say } = open(attesting, recovery());

    expect(await say(`approve ${attester} prod`)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(await say(`approve ${attester} prod`, bob)).toMatchObject({
      counted: true,
      sentence: `Your attestation of “Attest that etcd03 is gone” (${attester}) is recorded. 1 more approval is needed.`,
    });
  });

  it('are shown with the sentence that is attested', async () => {
    const reply = await open(attesting, recovery()).say(`show ${attester}`);

    expect(reply).toMatchObject({
      answer: { headline: `${attester} waits for an attestation at step 3 of 4, “Attest that etcd03 is gone”.` },
    });
    expect(JSON.stringify(reply)).toContain('To be attested: etcd03’s host is switched off and will not come back by itself.');
  });
});
