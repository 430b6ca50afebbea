/** Over HTTP only what Slack has signed, and lately, is believed; and what is sent twice is done once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acted } from '../queue/fixtures/scripted.ts';
import { until } from '../queue/until.ts';
import { channel } from './front.ts';
import { buttonsOf, freePort } from './local-slack.ts';
import { send, signedCommand, signedInteraction } from './signed.ts';
import type { SignedRequest } from './signed.ts';
import { startWhole } from './whole.ts';
import type { OverHttp, Whole } from './whole.ts';

const secret = 'a-signing-secret';
/** Slack's own limit on the age of a request. */
const ageLimitMs = 5 * 60_000;
const unsigned = { 'content-type': 'application/x-www-form-urlencoded' };

let workspace: Awaited<ReturnType<typeof startWhole>>;
let http: OverHttp;
let whole: Whole;

beforeAll(async () => {
  workspace = await startWhole();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  http = { port: await freePort(), signingSecret: secret };
  whole = await workspace.open(http);
});

afterEach(() => whole.close());

let triggers = 0;

/** `/etcd …` as alice, with a trigger id of its own as Slack makes one for each. */
function commandOf(text: string, { secret: signedWith = secret, ageMs = 0 } = {}): SignedRequest {
  triggers += 1;
  return signedCommand(
    {
      user_id: 'U0ALICE',
      team_id: whole.slack.teamId,
      channel_id: channel,
      channel_name: 'inc-etcd',
      trigger_id: `${process.pid}.${Date.now()}.${triggers}`,
      text,
    },
    { secret: signedWith, ageMs },
  );
}

const started = async () => (await whole.on.runs.list({ limit: 50 })).length;
const untilStarted = (count: number) => until(`${count} runs`, async () => (await started()) === count);
/** Sent last and answered: whatever was sent before it would have been heard too. */
async function heard(): Promise<void> {
  const request = commandOf(`nonsense${triggers}`);
  expect(await send(http.port, request)).toBe(200);
  await whole.whispered('U0ALICE', new RegExp(`no verb .${/nonsense[0-9]+/.exec(request.body)?.[0]}`));
}

describe('over HTTP, a command', () => {
  it('that is signed is taken', async () => {
    expect(await send(http.port, commandOf('restore prod'))).toBe(200);

    expect(await untilStarted(1)).toBe(true);
  });

  it.each<[string, (request: SignedRequest) => SignedRequest]>([
    ['is forged: signed with another secret', () => commandOf('restore prod', { secret: 'another-secret' })],
    [
      'is forged: another text under a true signature',
      ({ body, headers }) => ({ headers, body: body.replace('restore+prod', 'restore+prod+--while-healthy') }),
    ],
    [
      'is forged: a true signature under another time',
      ({ body, headers }) => ({
        body,
        headers: { ...headers, 'x-slack-request-timestamp': String(Number(headers['x-slack-request-timestamp']) + 1) },
      }),
    ],
    ['is not signed at all', ({ body }) => ({ body, headers: unsigned })],
    ['is older than five minutes', () => commandOf('restore prod', { ageMs: ageLimitMs + 2_000 })],
  ])('that %s is refused and starts nothing', async (_what, make) => {
    expect(await send(http.port, make(commandOf('restore prod')))).toBe(401);

    await heard();
    expect(await started()).toBe(0);
  });

  it('that pretends to be Slack’s probe of the certificate starts nothing', async () => {
    const { body } = commandOf('restore prod');

    await send(http.port, { body: `ssl_check=1&${body}`, headers: unsigned });

    await heard();
    expect(await started()).toBe(0);
  });

  it('that is sent a second time starts nothing, and the person is told', async () => {
    const request = commandOf('put prod /etcd-medic/1 test');
    await send(http.port, request);
    await untilStarted(1);

    expect(await send(http.port, request)).toBe(200);

    await whole.whispered('U0ALICE', /delivered a second time/);
    expect(await started()).toBe(1);
  });

  it('that is sent many times at once starts one run', async () => {
    const request = commandOf('put prod /etcd-medic/2 test');

    await Promise.all(Array.from({ length: 8 }, () => send(http.port, request)));

    await untilStarted(1);
    await heard();
    expect(await started()).toBe(1);
  });

  it('that is typed twice is two commands', async () => {
    await send(http.port, commandOf('put prod /etcd-medic/3 test'));
    await send(http.port, commandOf('put prod /etcd-medic/3 test'));

    expect(await untilStarted(2)).toBe(true);
  });
});

describe('over HTTP, a click', { timeout: 60_000 }, () => {
  it('that is sent a second time is recorded once and acts once', async () => {
    whole.worker();
    const { runId } = await whole.begin(['gate']);
    const card = await whole.card(runId, /^Approval needed/);
    const [button] = buttonsOf(card).filter(({ action_id: id }) => id === 'gate.approve');
    const click = signedInteraction(
      {
        type: 'block_actions',
        trigger_id: '1.2.3',
        user: { id: 'U0BOB', team_id: whole.slack.teamId },
        team: { id: whole.slack.teamId },
        channel: { id: channel, name: 'inc-etcd' },
        message: { ts: card.ts, thread_ts: card.thread_ts },
        actions: [{ type: 'button', ...button, action_ts: '1' }],
      },
      { secret },
    );

    expect(await Promise.all([send(http.port, click), send(http.port, click)])).toEqual([200, 200]);
    await whole.ended(runId);
    expect(await send(http.port, click)).toBe(200);

    await whole.whispered('U0BOB', /settled before your click; nothing was recorded/);
    expect(await whole.on.probe.lrange(acted, 0, -1)).toEqual([`${runId} gate-0`]);
    expect((await whole.on.runs.view(runId)).gates).toMatchObject([{ decisions: [{ by: 'U0BOB' }] }]);
  });
});
