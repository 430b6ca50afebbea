/** Makes the world of one run or question: the cluster's etcd, hosts, snapshots and ledger, from the configuration. */
import type { Check } from '../checkup/check.ts';
import type { Settings } from '../config/load.ts';
import type { Cluster } from '../config/schema.ts';
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import { mayChangeNothing } from '../engine/tenure.ts';
import type { Permit, Tenure } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import { createEtcd } from '../etcd/create-etcd.ts';
import { createHosts } from '../host/create-hosts.ts';
import type { Closing } from '../host/host-client.ts';
import type { IdleChannels } from '../host/idle-channels.ts';
import { snapshotStatus } from '../host/local.ts';
import { MemberName } from '../ids.ts';
import type { ClusterName, RunId } from '../ids.ts';
import type { ConfiguredMember, EarlierRuns, RevisionLedger, World } from '../procedures/world.ts';
import { createSnapshots } from '../snapshots/create-snapshots.ts';
import type { Signing } from '../snapshots/signing.ts';
import { ownState } from './own-state.ts';

interface WorldsDeps {
  readonly settings: Pick<Settings, 'config' | 'passwords'>;
  readonly ledgerOf: (cluster: ClusterName) => RevisionLedger;
  readonly earlier: EarlierRuns;
  readonly clock: Clock;
  readonly conceal: Conceal;
  /** Signs what is stored, and knows what was signed. */
  readonly signing: Signing;
  /** Workers that keep their backups in another directory. None when not given. */
  readonly elsewhere?: () => Promise<readonly string[]>;
  /** Settings, Redis and Slack, as they are now, for one cluster. */
  readonly surroundings: (cluster: Cluster) => Promise<readonly Check[]>;
  /** Keeps the channels of runs that wait; closed by whoever made it. */
  readonly idle?: IdleChannels;
}

/** What a world is opened for. */
export interface WorldOrder {
  readonly cluster: ClusterName;
  /** A question has no run; its name stands in where a run id is needed. */
  readonly runId: RunId;
  readonly record: RecordCommand;
  /** In whose name the world may be changed; undefined for a question, which changes nothing. */
  readonly tenure: Tenure | undefined;
}

/** A world with its connections; whoever opens it closes it. */
export interface OpenWorld {
  readonly world: World;
  close(how?: Closing): Promise<void>;
}

/** Opens worlds. @throws OpsError CONFIG_INVALID for a cluster that is not configured (any more), ETCD_TLS_FAILED for unusable certificates */
export function createWorlds({
  settings: { config, passwords },
  ledgerOf,
  earlier,
  clock,
  conceal,
  signing,
  elsewhere = async () => [],
  surroundings,
  idle,
}: WorldsDeps): (order: WorldOrder) => OpenWorld {
  return ({ cluster: name, runId, record, tenure }) => {
    const permit = tenure?.permit ?? mayChangeNothing;
    const cluster = config.clusters[name];
    if (cluster === undefined) throw new OpsError('CONFIG_INVALID', `config.yaml has no cluster ${name}.`);
    const members = Object.entries(cluster.members).map(([member, urls]): ConfiguredMember => ({
      name: MemberName.parse(member),
      ...urls,
    }));
    const password = passwords[name];
    const etcd = createEtcd({
      members,
      tls: cluster.tls,
      auth: cluster.auth === undefined || password === undefined ? undefined : { user: cluster.auth.user, password: password.reveal() },
      record,
      clock,
      permit,
    });
    const { hosts, close } = createHosts({ members, ssh: cluster.ssh, etcd: cluster.etcd, runId, record, conceal, clock, tenure, idle });
    const world: World = {
      runId,
      cluster: { name, members, keys: cluster.keys, initialClusterToken: cluster.etcd.initialClusterToken },
      etcd,
      hosts,
      snapshots: createSnapshots({
        directory: config.backups.directory,
        cluster: name,
        etcd,
        snapshotStatus,
        clock,
        signing,
        elsewhere,
        permit,
      }),
      ledger: permitted(ledgerOf(name), permit),
      earlier,
      bot: ownState({
        cluster,
        hasPassword: password !== undefined,
        backupsDirectory: config.backups.directory,
        surroundings: async () => await surroundings(cluster),
      }),
      clock,
    };
    return {
      world,
      close: async (how) => {
        etcd.close();
        await close(how);
      },
    };
  };
}

/** Taking in what was seen is no harm in anybody's hands; beginning the count anew is. */
function permitted(ledger: RevisionLedger, permit: Permit): RevisionLedger {
  return {
    ...ledger,
    restart: async (revision) => {
      await permit();
      await ledger.restart(revision);
    },
  };
}
