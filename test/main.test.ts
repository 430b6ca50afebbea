/** The process itself: how it ends when it cannot begin. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotReady, startBotProcess } from './stage/bot-process.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'medic-main-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('main', () => {
  it('names five mistakes of a configuration at once, and ends with exit code 78', async () => {
    const config = join(directory, 'config.yaml');
    await writeFile(
      config,
      `backups: { directory: relative/path }
clusters:
  prod:
    channels: [incidents]
    operators: [alice]
    approvers: [U0BOB]
    approvals: { required: 1, quorumLoss: 2, expiresAfter: 30 minutes }
    ssh: { user: etcdops, identityFile: /nowhere/id, knownHostsFile: /nowhere/known_hosts }
    etcd: { unit: etcd, initialClustertoken: etcd-cluster }
    members:
      etcd01: { host: 10.0.0.31, clientUrl: "10.0.0.31:2379", peerUrl: "https://10.0.0.31:2380" }
`,
    );

    const ended = await startBotProcess({
      environment: { ETCD_MEDIC_CONFIG: config, REDIS_URL: 'redis://127.0.0.1:1', SLACK_BOT_TOKEN: 'xoxb-x', SLACK_APP_TOKEN: 'xapp-x' },
      logFile: join(directory, 'log'),
    }).catch((error: unknown) => error);

    expect(ended).toBeInstanceOf(NotReady);
    const { exitCode, message } = ended as NotReady;
    expect(exitCode).toBe(78);
    for (const place of [
      'backups.directory',
      'clusters.prod.channels',
      'clusters.prod.operators',
      'expiresAfter',
      'initialClustertoken',
      'clientUrl',
    ])
      expect(message).toContain(place);
    expect(message).toContain('did you mean initialClusterToken?');
    // A process of its own on a busy machine: longer than what runs in this one.
  }, 60_000);
});
