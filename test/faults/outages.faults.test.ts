/** Redis down at a command, and snapshots that cannot be trusted: nothing is touched, and everybody is told. Longer outages are in test/faults. */
import { copyFile, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { say, startRun, waitForEnd } from '../stage/acting.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../slack/local-slack.ts';

let stage: Stage;
const backups = () => join(stage.directory, 'backups', 'demo');

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-outage' });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(async () => {
  await stage.lab.resetCluster();
  await rm(backups(), { recursive: true, force: true });
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
});

const whisperTo = (user: string, text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === user && text.test(message.text));
const loseQuorum = () => Promise.all(['etcd02', 'etcd03'].map((host) => stage.lab.host(host).fault('lose-data')));

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
    expect(view.conclusion).toMatch(/no snapshot of demo that is taken without being named|cannot be used/i);
    expect(view.conclusion).toContain('Nothing was changed.');
    expect(await stage.lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).toMatchObject({ stdout: 'active' });
  });
});
