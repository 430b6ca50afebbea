/** However it is decided, and also when nobody decides: the card comes to the outcome, with who and when, and without buttons. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { Decision } from '../../src/engine/journal.ts';
import { ClusterName } from '../../src/ids.ts';
import { go } from '../queue/fixtures/scripted.ts';
import type { Word } from '../queue/fixtures/scripted.ts';
import { until } from '../queue/until.ts';
import { clickThrough } from './click-through.ts';
import { channel } from './front.ts';
import type { LocalMessage } from './local-slack.ts';
import { startWhole } from './whole.ts';
import type { Whole } from './whole.ts';

let workspace: Awaited<ReturnType<typeof startWhole>>;
let whole: Whole;

beforeAll(async () => {
  workspace = await startWhole();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  whole = await workspace.open();
});

afterEach(() => whole.close());

interface Asked {
  readonly run: Awaited<ReturnType<Whole['begin']>>['runId'];
  readonly card: LocalMessage;
  readonly verdict: Decision['verdict'];
  /** Behind the verdict: which way, with `choose`; the name of the cluster, where the gate asks for it. */
  readonly more: string;
}

/** Each run has one card here. */
const codeOf = (run: string) => gateCode(`${run}.1`);

/** The ways to say it; all of them as bob. */
const ways: Readonly<Record<string, (said: Asked) => Promise<unknown>>> = {
  'by button': ({ card, verdict, more }) => {
    if (verdict === 'choose') return whole.slack.click('U0BOB', channel, card.ts, `gate.choose.${more}`);
    if (verdict !== 'approve' || more === '') return whole.slack.click('U0BOB', channel, card.ts, `gate.${verdict}`);
    const gate = { confirm: ClusterName.parse(more) };
    return clickThrough(whole.slack, { gate, card, verdict, by: 'U0BOB', channel });
  },
  'by slash command': ({ run, verdict, more }) => whole.slack.command('U0BOB', channel, `${verdict} ${run} ${codeOf(run)} ${more}`),
  'by a mention in the thread': async ({ run, verdict, more }) =>
    whole.slack.say('U0BOB', channel, `<@${whole.slack.botUserId}> ${verdict} ${codeOf(run)} ${more}`, await whole.root(run)),
  'in a terminal': ({ run, verdict, more }) => whole.typed([verdict, run, codeOf(run), ...(more === '' ? [] : [more])]),
};

/** What can be said at each kind of gate, and how its card then begins. A card of an approval has no button to abort. */
const outcomes: readonly { word: Word; verdict: Decision['verdict']; more?: string; begins: string; button?: false }[] = [
  { word: 'gate', verdict: 'approve', begins: 'Approved' },
  { word: 'gate', verdict: 'reject', begins: 'Rejected' },
  { word: 'gate', verdict: 'abort', begins: 'Aborted', button: false },
  { word: 'attest', verdict: 'approve', more: 'prod', begins: 'Attested' },
  { word: 'fail', verdict: 'retry', begins: 'Retried' },
  { word: 'fail', verdict: 'abort', begins: 'Aborted' },
  { word: 'choose', verdict: 'choose', more: 'left', begins: 'Chosen' },
  { word: 'choose', verdict: 'abort', begins: 'Aborted' },
];

const opensWindow = ({ verdict, more }: Asked) => verdict === 'approve' && more !== '';
const opened = /^(?:Approval needed|Attestation needed|Choice needed|free prod stopped)/;
/** How the card begins, whom it names, and whether it says when. */
const outcomeOf = ({ text, blocks }: LocalMessage) => ({
  begins: text.split(':')[0],
  by: [...JSON.stringify(blocks).matchAll(/<@(U0\w+)>/g)].map(([, id]) => id),
  when: JSON.stringify(blocks).includes('<!date^'),
});

describe('a decision', { timeout: 120_000 }, () => {
  it.each(Object.entries(ways))('made %s is on the card, with who and when, and the buttons are gone', async (way, say) => {
    const possible = outcomes.filter(({ button }) => way !== 'by button' || button !== false);
    whole.worker();
    const asked = await Promise.all(
      possible.map(async ({ word, verdict, more = '' }): Promise<Asked> => {
        const { runId } = await whole.begin([word]);
        return { run: runId, card: await whole.card(runId, opened), verdict, more };
      }),
    );
    expect((await Promise.all(asked.map(({ run }) => whole.buttons(run)))).every(({ length }) => length > 0)).toBe(true);
    await whole.on.probe.set(go, '1');

    // The server has one stack of windows for everybody, so what opens one is said alone.
    const [windowed, others] = [asked.filter(opensWindow), asked.filter((one) => !opensWindow(one))];
    for (const one of windowed) await say(one);
    await Promise.all(others.map((one) => say(one)));

    const shown = await Promise.all(
      asked.map(async ({ run }) => outcomeOf(await whole.card(run, /^(?!Approval|Attestation|Choice|free)/))),
    );
    expect(shown).toEqual(possible.map(({ begins }) => ({ begins, by: ['U0BOB'], when: true })));
    expect((await Promise.all(asked.map(({ run }) => whole.buttons(run)))).flat()).toEqual([]);
  });

  it('made in a terminal while the bot is away is on the card as soon as it is back', async () => {
    whole.worker();
    const { runId } = await whole.begin(['gate']);
    await whole.card(runId, opened);
    await whole.stopFront();

    // The rest is said only after a first attempt whose answer was late.
    expect(await whole.terminal(['approve', runId, codeOf(runId)])).toMatch(/Your approval|already said “approve”|waits for nobody/);
    await whole.ended(runId);
    await whole.startFront();

    expect(outcomeOf(await whole.card(runId, /^Approved/))).toEqual({ begins: 'Approved', by: ['U0BOB'], when: true });
    expect(await whole.buttons(runId)).toEqual([]);
  });

  it('made while the worker is away is on the card once there is a worker again', async () => {
    const first = whole.worker();
    const { runId } = await whole.begin(['gate']);
    const { ts } = await whole.card(runId, opened);
    await whole.on.gate(runId);
    await first.close({ deadlineMs: 2_000 });

    await whole.slack.click('U0BOB', channel, ts, 'gate.reject');
    await whole.whispered('U0BOB', new RegExp(String.raw`Your rejection of .* \(${runId}\) is recorded`));
    whole.worker();

    expect(outcomeOf(await whole.card(runId, /^Rejected/))).toEqual({ begins: 'Rejected', by: ['U0BOB'], when: true });
    expect(await whole.buttons(runId)).toEqual([]);
  });
});

describe('silence', { timeout: 90_000 }, () => {
  it.each<Word>(['gate', 'offer', 'attest', 'choose'])(
    'at a gate of kind %s is shown as expired, with when, and the buttons are gone',
    async (word) => {
      whole.worker({ approvalExpiresAfterMs: 3_000 });
      const { runId } = await whole.begin([word]);

      const card = await whole.card(runId, /^Expired/);

      expect(outcomeOf(card)).toEqual({ begins: 'Expired', by: [], when: true });
      expect(await whole.buttons(runId)).toEqual([]);
    },
  );

  it('that ran out while nothing of the bot ran is shown as expired when it is back', async () => {
    const first = whole.worker({ approvalExpiresAfterMs: 10_000 });
    const { runId } = await whole.begin(['gate']);
    await whole.card(runId, opened);
    const { expiresAt } = await whole.on.gate(runId);
    await whole.stopFront();
    await first.close({ deadlineMs: 2_000 });
    await until('the time is over', () => Date.now() > Date.parse(expiresAt), 30_000);

    await whole.startFront();
    whole.worker();

    expect(outcomeOf(await whole.card(runId, /^Expired/))).toEqual({ begins: 'Expired', by: [], when: true });
    expect(await whole.buttons(runId)).toEqual([]);
  });
});
