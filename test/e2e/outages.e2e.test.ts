/** Redis down, Slack down or slow, and snapshots that cannot be trusted: nothing is lost, and everybody is told. */
import { copyFile, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, runLimitMs, say, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { startSlackFault } from '../stage/slack-fault.ts';
import type { SlackFault } from '../stage/slack-fault.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../slack/local-slack.ts';
import type { LocalMessage } from '../slack/local-slack.ts';

let stage: Stage;
let fault: SlackFault;
const backups = () => join(stage.directory, 'backups', 'demo');

beforeAll(async () => {
  stage = await createStage({
    name: 'e2e-outage',
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
beforeEach(async () => {
  fault.behave('well');
  await stage.lab.resetCluster();
  await rm(backups(), { recursive: true, force: true });
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
});

const whisperTo = (user: string, text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === user && text.test(message.text));
const loseQuorum = () => Promise.all(['etcd02', 'etcd03'].map((host) => stage.lab.host(host).fault('lose-data')));

describe('Slack', () => {
  it.each(['limited', 'silent'] as const)(
    'that is %s for a minute in the middle of a restore delays no step, and gets every report afterwards',
    async (behaviour) => {
      await loseQuorum();
      const run = await startRun(stage, 'restore demo');
      await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
      fault.behave(behaviour);
      const gate = await waitForGate(stage, run, 'delete-old-data');
      const served = (await stage.runs.view(run)).steps.find(({ id }) => id === 'canary');
      await stage.runs.decide(gate.gateId, { verdict: 'reject', by: gateAnswerer });
      const view = await waitForEnd(stage, run);
      // The whole minute, whatever the recovery took.
      await until(
        () => fault.refusedForMs() >= 60_000,
        90_000,
        () => 'the minute did not pass',
      );
      fault.behave('well');

      expect(view.outcome).toBe('completed');
      expect(served?.state).toBe('done');
      const root = await rootOf(run);
      const thread = await threadOf(root.ts);
      for (const title of view.steps.map((step) => step.title))
        expect(
          thread.filter((text) => text.startsWith(`${title}: `)),
          title,
        ).toHaveLength(1);
    },
    300_000,
  );

  const gateAnswerer = people.bob as Parameters<Stage['runs']['abort']>[1];

  /** The root message of a run, once it says that the run is done. */
  async function rootOf(run: string) {
    let found: { ts: string } | undefined;
    const isRoot = ({ ts, thread_ts: threadTs, text, blocks }: LocalMessage) =>
      (threadTs === undefined || threadTs === ts) && text.startsWith('restore demo: done') && JSON.stringify(blocks).includes(run);
    await until(
      async () => {
        found = (await stage.slack.messages(channels.incident)).findLast(isRoot);
        return found !== undefined;
      },
      runLimitMs,
      () => `the root message of ${run} does not say that it is done`,
    );
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  async function threadOf(root: string): Promise<string[]> {
    const last = (texts: string[]) => texts.some((text) => text.startsWith('restore demo: done in'));
    let texts: string[] = [];
    await until(
      async () => {
        texts = (await stage.slack.messages(channels.incident))
          .filter(({ thread_ts: threadTs, ts }) => threadTs === root && ts !== root)
          .map(({ text }) => text);
        return last(texts);
      },
      runLimitMs,
      () => `the report is not complete: ${texts.join(' | ')}`,
    );
    return texts;
  }
});

describe('Redis', () => {
  it('that is down at a command is said at once, and nothing is started', async () => {
    await stage.redis.stop();

    await say(stage, 'backup demo');
    const refusal = await whisperTo(people.alice, /Redis/);

    await stage.redis.start();
    expect(refusal.text).toMatch(/nothing was started/i);
    const run = await startRunAgain();
    expect((await waitForEnd(stage, run)).outcome).toBe('completed');
  });

  it('that is killed and comes back in the middle of a restore loses nothing', async () => {
    await loseQuorum();
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');

    await stage.redis.stop('SIGKILL');
    await stage.redis.start();
    await clickCard(stage, gate, 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');

    expect((await waitForEnd(stage, run)).outcome).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });

  async function startRunAgain() {
    await until(
      async () => (await stage.runs.list({ limit: 1 }).catch(() => [])).length > 0,
      10_000,
      () => 'Redis did not come back',
    );
    return startRun(stage, 'backup demo');
  }
});

describe('a snapshot that', () => {
  const newest = async () => {
    const [file] = (await readdir(backups()))
      .filter((name) => name.endsWith('.db'))
      .toSorted()
      .toReversed();
    return join(backups(), file ?? '');
  };

  it.each([
    ['is truncated', (file: string) => truncate(file, 10_000)],
    [
      'has a flipped byte',
      async (file: string) => {
        const bytes = await readFile(file);
        bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
    ],
    ['is empty', (file: string) => truncate(file, 0)],
    ['is no snapshot', (file: string) => copyFile(process.execPath, file)],
  ])('%s is refused before anything is touched, and listed with the reason', async (_what, spoil) => {
    await spoil(await newest());
    await loseQuorum();

    const view = await waitForEnd(stage, await startRun(stage, 'restore demo'));

    expect(view.outcome).toBe('failed');
    expect(view.conclusion).toMatch(/no usable snapshot|cannot be used/i);
    expect(view.conclusion).toContain('Nothing was changed.');
    expect(await stage.lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).toMatchObject({ stdout: 'active' });
  });
});
