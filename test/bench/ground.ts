/** Where both sides are measured: one lab, the bot on it as an installation has it, the operator's shell, and data of one size. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDir, environmentFile } from '../lab/sites/plain.ts';
import type { LabHost } from '../lab/lab.ts';
import { hostPaths } from '../lab/paths.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { settleDisk } from './machine.ts';
import { createOperator } from './operator.ts';
import type { Operator } from './operator.ts';
import type { Options } from './options.ts';
import { startPostings } from './postings.ts';
import type { Postings } from './postings.ts';

/** All that a case works with. */
export interface Ground {
  readonly stage: Stage;
  readonly operator: Operator;
  readonly postings: Postings;
  /** The one process of the bot, with all its roles. */
  readonly botPid: number;
  /** A file of this name beside the bot's backups: the same disk. */
  file(name: string): string;
  down(): Promise<void>;
}

/** How long a cluster may take to come back with its data. */
const healthyLimitMs = 300_000;
const commandLimitMs = 600_000;
/** A file on each host: the settings that every run is to begin with. */
export const settingsKept = '/var/lib/bench-settings';

/** Where a host finds the snapshot it is rebuilt from. */
const handedOver = '/var/lib/bench.db';

/** Makes a lab called `bench` and starts the bot. Whatever fails, nothing is left. */
export async function makeGround({ etcd, network }: Pick<Options, 'etcd' | 'network'>): Promise<Ground> {
  let postings: Postings | undefined;
  const stage = await createStage({
    name: 'bench',
    etcd,
    network,
    // A person answers at once here: no gate may run out while the machine is slow.
    cluster: { approvals: { required: 1, quorumLoss: 1, expiresAfter: '2h' } },
    slackApiUrl: async (real) => (postings = await startPostings(real)).apiUrl,
  });
  const down = async () => {
    await stage.down();
    await postings?.stop();
  };
  try {
    if (postings === undefined) throw new Error('the stage did not ask for the way to Slack');
    await onAll(stage, (host) => host.exec(['cp', '-a', environmentFile, settingsKept]));
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    const operator = await createOperator(stage.lab, stage.directory);
    const bot = await stage.start();
    return { stage, operator, postings, botPid: bot.pid, file: (name) => join(stage.directory, name), down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** Does something on every host at the same time. */
export async function onAll(stage: Stage, act: (host: LabHost) => Promise<unknown>): Promise<void> {
  await Promise.all(stage.lab.hosts.map(act));
}

/**
 * Puts all members back from a snapshot at once: the way a filled cluster gets rid of the log of its filling, in the data-dir and in memory.
 * The same for both sides, and never measured.
 */
export async function rebuild({ stage }: Ground, snapshot: string): Promise<void> {
  const { lab } = stage;
  const all = lab.hosts.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  await stopAll(stage);
  await onAll(stage, async ({ name, peerUrl, exec }) => {
    await copyFile(snapshot, join(hostPaths(lab.name, name).root, handedOver));
    const restore = `etcdctl snapshot restore ${handedOver} --name=${name} --data-dir=${dataDir} --initial-advertise-peer-urls=${peerUrl} --initial-cluster=${all} --initial-cluster-token=etcd-cluster`;
    await exec(['sh', '-euc', `rm -rf ${dataDir}; ETCDCTL_API=3 ${restore}; chown -R etcd:etcd ${dataDir}; rm ${handedOver}`], {
      timeoutMs: commandLimitMs,
    });
  });
  await startAll(stage);
}

/** Stops etcd everywhere. All of it first: a member that comes back with older data would be talked to by one that still has the newer. */
export async function stopAll(stage: Stage): Promise<void> {
  await onAll(stage, (host) => host.exec(['systemctl', 'stop', 'etcd'], { timeoutMs: commandLimitMs }));
}

/** Starts etcd everywhere and waits until every member serves. */
async function startAll(stage: Stage): Promise<void> {
  await onAll(stage, (host) => host.exec(['systemctl', 'start', '--no-block', 'etcd']));
  await stage.lab.waitHealthy(healthyLimitMs);
}

/** For what goes on after the last answer: reports to Slack, members that catch up. */
const quietMs = 500;

/**
 * Removes what an earlier run left on the hosts, puts the settings back, and waits until cluster and disk are quiet.
 * @param healthy false where the cluster is not to be healthy
 */
export async function tidy({ stage }: Pick<Ground, 'stage'>, { healthy = true }: { readonly healthy?: boolean } = {}): Promise<void> {
  const leftovers = `${dataDir}.*-* /home/etcdops/mysnapshot.db ${environmentFile}?*`;
  await onAll(stage, async ({ exec }) => {
    await exec(['sh', '-euc', `rm -rf ${leftovers}; cp -a ${settingsKept} ${environmentFile}`], { timeoutMs: commandLimitMs });
  });
  if (healthy) await stage.lab.waitHealthy(healthyLimitMs);
  await settleDisk();
  await sleep(quietMs);
}
