/** The terminal and the world of a bot that looks after a lab. */
import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { Config } from '../../src/config/schema.ts';
import { ClusterName, RunId } from '../../src/ids.ts';
import { snapshotStatus } from '../../src/host/local.ts';
import { createSnapshots } from '../../src/snapshots/create-snapshots.ts';
import { makeSigning } from '../../src/snapshots/shared-files.ts';
import { withoutKey } from '../../src/snapshots/signing.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { createWorlds } from '../../src/wiring/worlds.ts';
import type { OpenWorld } from '../../src/wiring/worlds.ts';
import { labEtcd } from '../etcd/lab-etcd.ts';
import type { Lab } from '../lab/lab.ts';

/** What the terminal printed, and how it ended. */
export interface Printed {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types words in a terminal without anything of this process's own environment. */
export async function type(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Printed> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['--disable-warning=DEP0123', 'src/cli.ts', ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    extendEnv: false,
    reject: false,
    timeout: 120_000,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}

/** The first host's words for a line of known_hosts, as the kit prints them there. */
export async function vouchedFor(lab: Lab): Promise<string> {
  return (await readFile(lab.ssh.knownHostsFile, 'utf8'))
    .split('\n')
    .map((line) => (line === '' ? '' : `The host's key, for known_hosts:\n  ${line}`))
    .join('\n');
}

/** Fills in what only a person can, and puts the lab's key where the configuration wants one. */
export async function fillIn(lab: Lab, path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const filled = text
    .replace('FILL_IN_CHANNEL', 'C0INCIDENT')
    .replace('FILL_IN_OPERATOR', 'U0ALICE')
    .replace('FILL_IN_APPROVER_1', 'U0BOB')
    .replace('FILL_IN_APPROVER_2', 'U0CAROL')
    .replace('/var/lib/etcd-medic/backups', path.replace('config.yaml', 'backups'));
  await writeFile(path, filled);
  const key = /identityFile: (\S+)/.exec(filled)?.[1] ?? '';
  await writeFile(key, await readFile(lab.ssh.identityFile), { mode: 0o600 });
}

/** The cluster `prod` of that lab as a worker sees it. */
export function openWorld(lab: Lab, overrides: Readonly<Record<string, unknown>> = {}): OpenWorld {
  const config = Config.parse(lab.botConfig({ cluster: 'prod', overrides }));
  return createWorlds({
    settings: { config, passwords: {} },
    clock: systemClock,
    conceal: (text) => text,
    signing: withoutKey('Nothing is signed here.'),
    ledgerOf: () => ({ observe: async () => undefined, highest: async () => undefined, restart: async () => undefined }),
    earlier: { recall: () => Promise.reject(new Error('none')) },
    surroundings: async () => [],
  })({ cluster: ClusterName.parse('prod'), runId: RunId.parse('restore-prod-7f3a9c'), record: () => undefined, tenure: undefined });
}

/** Saves a backup as `backup prod` does. */
export async function backUp(lab: Lab, directory: string): Promise<void> {
  const etcd = labEtcd(lab);
  const [first] = (await etcd.look()).endpoints;
  if (first?.answers !== true) throw new Error('no member answers');
  const { clusterId, version: etcdVersion, dbSizeBytes } = first.status;
  const cluster = ClusterName.parse('prod');
  const signing = await makeSigning(directory);
  await createSnapshots({ directory, cluster, etcd, snapshotStatus, clock: systemClock, signing, permit: async () => undefined }).save({
    run: RunId.parse('backup-prod-7f3a9c'),
    origin: { member: first.member, clusterId, etcdVersion, dbSizeBytes, authEnabled: true, v2Keys: 'none' },
    progress: () => undefined,
  });
  etcd.close();
}
