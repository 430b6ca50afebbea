/** A configuration that is right, with files that exist, for tests to put one mistake into. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadSettings, type Settings } from '../../src/config/load.ts';
import { isOpsError } from '../../src/errors.ts';

/** A cluster as YAML has it. */
export type RawCluster = Record<string, unknown> & {
  members: Record<string, Record<string, unknown>>;
  etcd: Record<string, unknown>;
  ssh: Record<string, unknown>;
  approvals: Record<string, unknown>;
};
export interface RawConfig extends Record<string, unknown> {
  clusters: Record<string, RawCluster>;
}

/** Variables that are right for every role. */
export const variables = {
  REDIS_URL: 'redis://:redis-password@127.0.0.1:6379/0',
  SLACK_BOT_TOKEN: 'xoxb-bot-token',
  SLACK_APP_TOKEN: 'xapp-app-token',
};

/** A folder of its own that is removed when the test's scope ends: `await using folder = await configFolder()`. */
export async function configFolder() {
  const path = await mkdtemp(join(tmpdir(), 'etcd-medic-config-'));
  mkdirSync(join(path, 'backups'));
  writeFileSync(join(path, 'id_ed25519'), 'a key', { mode: 0o600 });
  writeFileSync(join(path, 'known_hosts'), '');
  return {
    path,
    /** Two clusters without TLS: `prod` with three members, `lone` with one. */
    config(): RawConfig {
      return {
        backups: { directory: join(path, 'backups') },
        clusters: { prod: rawCluster(path, 'prod', 3, 30), lone: rawCluster(path, 'lone', 1, 50) },
      };
    },
    /** Writes it as config.yaml (text as it stands) and loads it with the variables. */
    load(
      config: RawConfig | string,
      extra: Record<string, string | undefined> = {},
      options: Parameters<typeof loadSettings>[1] = {},
    ): Settings {
      const file = join(path, 'config.yaml');
      writeFileSync(file, typeof config === 'string' ? config : stringify(config));
      return loadSettings({ ...variables, ETCD_MEDIC_CONFIG: file, ...extra }, options);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

function rawCluster(folder: string, name: string, count: number, firstHost: number): RawCluster {
  const hosts = Array.from({ length: count }, (_, index) => `10.0.0.${firstHost + index + 1}`);
  return {
    channels: ['C0INCIDENT', '#inc-*'],
    operators: ['S0ONCALL'],
    approvers: ['U0ALICE', 'U0BOB'],
    approvals: { required: 1, quorumLoss: 2, expiresAfter: '30m' },
    ssh: { user: 'etcdops', identityFile: join(folder, 'id_ed25519'), knownHostsFile: join(folder, 'known_hosts') },
    etcd: { unit: 'etcd', initialClusterToken: `${name}-token` },
    members: Object.fromEntries(
      hosts.map((host, index) => [`etcd0${index + 1}`, { host, clientUrl: `http://${host}:2379`, peerUrl: `http://${host}:2380` }]),
    ),
  };
}

/** The lines of the CONFIG_INVALID that a load throws. */
export function mistakesOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (isOpsError(error, 'CONFIG_INVALID')) return error.details['mistakes'] as readonly string[];
    throw error;
  }
  return [];
}
