/** The terminal, on a real host and a real queue: two users of the machine, a keyboard, programs, and a Slack that is down. */
import { readdir } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { RunId } from '../../src/ids.ts';
import { runLimitMs, say, startRun, waitForEnd } from '../stage/acting.ts';
import { startSlackFault } from '../stage/slack-fault.ts';
import type { SlackFault } from '../stage/slack-fault.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { openKeyboard, openTerminal } from '../stage/terminal.ts';
import type { Said } from '../stage/terminal.ts';
import { until } from '../slack/local-slack.ts';
import type { LocalMessage } from '../slack/local-slack.ts';

/** Users that every Debian has: https://wiki.debian.org/SystemGroups */
const bob = { uid: 65_534 };
const mallory = { uid: 1 };
const unnamed = { uid: 2 };

// One test that fails leaves neither Slack silent nor the cluster held for the next.
afterEach(async () => {
  fault.behave('well');
  for (const { run, state } of await stage.runs.list({ limit: 10 }))
    if (state !== 'ended') await stage.runs.abort(run.runId, run.requester.user);
});

let stage: Stage;
let fault: SlackFault;

beforeAll(async () => {
  stage = await createStage({
    name: 'e2e-term',
    members: 1,
    terminalUsers: { root: people.alice, nobody: people.bob, daemon: people.mallory },
    slackApiUrl: async (real) => {
      fault = await startSlackFault(real);
      return fault.apiUrl;
    },
  });
  await stage.start();
});
afterAll(async () => {
  await stage.down();
  await fault.stop();
});

/** The run that was started last. */
async function newest(): Promise<RunId> {
  const [view] = await stage.runs.list({ limit: 1 });
  if (view === undefined) throw new Error('there is no run');
  return view.run.runId;
}

const typed = (words: string, by: { uid?: number } = {}): Promise<Said> => openTerminal(stage, words.split(' '), by).ended();
/** A message that comes when the outbox tries again: after up to a minute. */
async function inSlack(isIt: (message: LocalMessage) => boolean): Promise<LocalMessage> {
  let found: LocalMessage | undefined;
  await until(
    async () => {
      found = (await stage.slack.messages(channels.incident)).find(isIt);
      return found !== undefined;
    },
    runLimitMs,
    () => 'it does not come to Slack',
  );
  if (found === undefined) throw new Error('unreachable');
  return found;
}
const etcdIs = async () => (await stage.lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'], { reject: false })).stdout.trim();

describe('a run that one user of the machine asks for', () => {
  it('is approved by another, who is another person, and by nobody else', async () => {
    const asking = openTerminal(stage, ['stop', 'demo']);
    await asking.shows(/Approval needed/);
    const run = await newest();

    const own = await typed(`approve ${run} ${gateCode(`${run}.1`)} demo`);
    const unlisted = await typed(`approve ${run} ${gateCode(`${run}.1`)} demo`, mallory);
    const nobodyKnows = await typed(`approve ${run} ${gateCode(`${run}.1`)} demo`, unnamed);
    expect(await etcdIs()).toBe('active');
    const approved = await typed(`approve ${run} ${gateCode(`${run}.1`)} demo`, bob);
    const { exitCode, stdout } = await asking.ended();

    expect(own).toMatchObject({ exitCode: 77, stderr: expect.stringContaining('somebody else has to approve it') });
    expect(unlisted).toMatchObject({ exitCode: 77, stderr: expect.stringContaining('U0MALLORY may not approve on demo') });
    expect(nobodyKnows).toMatchObject({ exitCode: 77, stderr: expect.stringContaining('config.yaml does not say who bin is') });
    expect(approved).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is recorded') });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('approved by U0BOB');
    expect(await etcdIs()).not.toBe('active');
    expect((await stage.runs.view(run)).gates[0]?.decisions).toMatchObject([{ by: people.bob, verdict: 'approve' }]);
    expect(await typed('start demo')).toMatchObject({ exitCode: 0 });
  });

  it('can be rejected at its keyboard, but not approved', async () => {
    const keyboard = openKeyboard(stage, ['stop', 'demo']);
    await keyboard.shows(/You can answer here/);

    keyboard.type('approve');
    await keyboard.shows(/U0ALICE asked for this run, so somebody else has to approve it/);
    keyboard.type('backup demo');
    await keyboard.shows(/only words about stop-demo-/);
    keyboard.type(`reject ${gateCode(`${await newest()}.1`)}`);

    expect((await keyboard.ended()).exitCode).toBe(1);
    expect(await stage.runs.view(await newest())).toMatchObject({ run: { procedure: 'stop' }, outcome: 'rejected' });
    expect(await etcdIs()).toBe('active');
  });

  it('goes on when its terminal is left', async () => {
    const asking = openTerminal(stage, ['stop', 'demo']);
    await asking.shows(/Approval needed/);
    asking.signal('SIGINT');

    expect(await asking.ended()).toMatchObject({ exitCode: 130, stdout: expect.stringContaining('goes on without this terminal') });
    const run = await newest();
    expect(await typed('restart demo')).toMatchObject({ exitCode: 75, stderr: expect.stringContaining(`held by ${run}`) });
    expect(await typed(`reject ${run} ${gateCode(`${run}.1`)}`)).toMatchObject({ exitCode: 0 });
    await waitForEnd(stage, run);
  });
});

describe('a program', () => {
  const objects = ({ stdout }: Said) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });

  it('is told the journal, one object for each entry', async () => {
    const said = await typed('backup demo --json');

    const [started, ...entries] = objects(said);
    const run = await newest();
    expect(said.exitCode).toBe(0);
    expect(started).toMatchObject({ kind: 'started', run, request: { requester: { user: people.alice, via: 'terminal' } } });
    const journal = (await stage.runs.journal(run)).map((entry) => ({ kind: 'entry', run, ...entry }));
    expect(entries).toEqual(JSON.parse(JSON.stringify(journal)));
    expect(objects(await typed(`show ${run} --journal --json`))).toEqual(entries);
  });

  it('is told the plan, and nothing is changed', async () => {
    const said = await typed('stop demo --plan --json');

    expect(said.exitCode).toBe(0);
    expect(objects(said).at(-1)).toMatchObject({ kind: 'entry', type: 'run-ended', outcome: 'planned' });
    expect(await etcdIs()).toBe('active');
  });

  it('is told answers and refusals as objects too', async () => {
    const [answered, refused] = [await typed('status demo --json'), await typed('status nowhere --json')];

    expect(objects(answered)).toMatchObject([{ kind: 'answer' }]);
    expect(objects(refused)).toMatchObject([{ kind: 'refused', code: 'INPUT_INVALID' }]);
    expect([answered.exitCode, refused.exitCode]).toEqual([0, 64]);
  });
});

describe('while Slack is down', () => {
  it('a run is asked for, approved and ended, and stands in Slack when it is back', async () => {
    fault.behave('silent');
    const asking = openTerminal(stage, ['stop', 'demo']);
    await asking.shows(/Approval needed/);
    const run = await newest();
    await typed(`approve ${run} ${gateCode(`${run}.1`)} demo`, bob);
    const { exitCode } = await asking.ended();
    const inSlackBefore = (await stage.slack.messages(channels.incident)).filter((message) => JSON.stringify(message).includes(run));
    fault.behave('well');

    const summary = await inSlack(
      ({ text, blocks, thread_ts: thread }) =>
        thread !== undefined && text.startsWith('stop demo: done in') && JSON.stringify(blocks).includes(run),
    );
    await inSlack(({ files = [] }) => files.some(({ name }) => name === `${run}.md`));

    expect(exitCode).toBe(0);
    expect(inSlackBefore).toEqual([]);
    const head = /sha256 `([0-9a-f]{64})`/.exec(JSON.stringify(summary.blocks))?.[1];
    const verified = await typed(`verify-journal ${run} --head ${head}`);
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('the very head that was noted') });
    expect(await typed('start demo')).toMatchObject({ exitCode: 0 });
  });
});

describe('a journal', () => {
  it('is added to its thread as a file when somebody asks for it in Slack', async () => {
    const run = await startRun(stage, 'backup demo');
    await waitForEnd(stage, run);
    const filesOf = async () => (await readdir(stage.slack.filesDirectory, { recursive: true })).length;
    await inSlack(({ files = [] }) => files.some(({ name }) => name === `${run}.md`));
    const before = await filesOf();

    await say(stage, `show ${run} --journal`, people.mallory);

    await stage.slack.message(
      channels.incident,
      (message) => message.ephemeral_to === people.mallory && /was added to its thread as a file/.test(message.text),
    );
    // It is uploaded before it is said.
    expect(await filesOf()).toBeGreaterThan(before);
  });

  it('that was changed in Redis is found out, and by which entry', async () => {
    const run = await startRun(stage, 'backup demo');
    await waitForEnd(stage, run);
    const redis = new Redis(stage.environment['REDIS_URL'] ?? '', { replyMapping: 'legacy' });
    const key = `medic:journal:${run}`;
    const entries = await redis.xrange(key, '-', '+');
    await redis.del(key);
    for (const [place, [id, fields]] of entries.entries())
      await redis.xadd(key, id, ...(place === 2 ? fields.with(1, (fields[1] ?? '').replace('{', '{ ')) : fields));
    redis.disconnect();

    const verified = await typed(`verify-journal ${run}`);

    expect(verified).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('entry 2 was changed') });
  });
});
