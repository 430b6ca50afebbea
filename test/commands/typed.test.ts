/** A yes that takes the name of the cluster, typed and clicked. */
import { describe, expect, it } from 'vitest';
import { ClusterName } from '../../src/ids.ts';
import { gate, request } from '../slack/fakes.ts';
import { waiting } from '../slack/story.ts';
import { alice, bob, open } from './open-desk.ts';

const run = request().runId;
const asking = gate({ confirm: ClusterName.parse('prod') });
const atQuorum = waiting.map((event) => (event.type === 'gate-opened' ? { ...event, gate: asking } : event));
const click = { gateId: asking.gateId, digest: asking.digest, verdict: 'approve' } as const;

describe('a yes where quorum is at stake', () => {
  it('is recorded with the name of the cluster, typed or clicked', async () => {
    const typed = open(atQuorum);
    const clicked = open(atQuorum);

    expect(await typed.say(`approve ${run} prod`, bob)).toMatchObject({ kind: 'receipt', counted: true });
    expect(await clicked.desk.click({ ...click, typed: 'prod' }, bob)).toMatchObject({ kind: 'receipt', counted: true });

    for (const { runs } of [typed, clicked])
      expect(runs.calls).toEqual([{ method: 'decide', args: [asking.gateId, { verdict: 'approve', by: 'U0BOB', typed: 'prod' }] }]);
  });

  it('is refused without the name, and the refusal says the right form', async () => {
    const { say, runs } = open(atQuorum);

    expect(await say(`approve ${run}`, bob)).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: expect.stringContaining('takes the name of the cluster too') as string,
      next: `Say \`approve ${run} 2p prod\` or \`reject ${run} 2p\`.`,
    });
    expect(runs.calls).toEqual([]);
  });

  it.each(['Prod', 'staging', '`prod`', 'prod.'])('is refused with %s typed', async (name) => {
    const { say, desk, runs } = open(atQuorum);

    expect(await say(`approve ${run} ${name}`, bob)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('is not the name of the cluster, which is `prod`') as string,
    });
    expect(await desk.click({ ...click, typed: name }, bob)).toMatchObject({ kind: 'refused', code: 'INPUT_INVALID' });
    expect(runs.calls).toEqual([]);
  });

  it('asks a click for the name, and records nothing until it has it', async () => {
    const { desk, runs } = open(atQuorum);

    expect(await desk.click(click, bob)).toMatchObject({ kind: 'confirm', confirm: 'prod', gate: { gateId: asking.gateId } });
    expect(runs.calls).toEqual([]);
  });

  it('asks for no name of who may not approve, or when it is too late', async () => {
    const { desk, clock } = open(atQuorum);

    expect(await desk.click(click, alice)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(await desk.click({ ...click, digest: 'other' }, bob)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
    clock.forward(60 * 60_000);
    expect(await desk.click(click, bob)).toMatchObject({ kind: 'receipt', counted: false });
  });

  it('does not ask for the name where somebody says no', async () => {
    expect(await open(atQuorum).say(`reject ${run}`, bob)).toMatchObject({ kind: 'receipt', counted: true });
  });

  it('says in `show` what is typed', async () => {
    expect(await open(atQuorum).say(`show ${run}`)).toMatchObject({
      answer: { next: `\`approve ${run} 2p prod\` or \`reject ${run} 2p\`` },
    });
  });
});

describe('a yes where no name is asked for', () => {
  it.each(['prod', 'staging'])('is refused with the name %s: it was meant for another step', async (name) => {
    const { say, runs } = open(waiting);

    expect(await say(`approve ${run} 2p ${name}`, bob)).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: `“${gate().title}” asks for no name, so \`${name}\` was meant for another step; nothing was recorded.`,
      next: `Say \`approve ${run} 2p\` or \`reject ${run} 2p\`.`,
    });
    expect(runs.calls).toEqual([]);
  });
});

describe('in the thread of a run', () => {
  it('the name stands alone', async () => {
    const { desk, runs } = open(atQuorum);

    expect(await desk.take({ words: 'approve prod', prefix: '@etcd-medic', run }, bob)).toMatchObject({ kind: 'receipt', counted: true });
    expect(runs.calls).toMatchObject([{ method: 'decide', args: [asking.gateId, { typed: 'prod' }] }]);
  });
});
