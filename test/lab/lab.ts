/** Hosts with a real systemd, a real sshd and a real etcd, for tests and for the command line. */
import type { Hop } from '../../src/host/ssh-options.ts';
import { proxyJump } from './bastion.ts';
import { botConfig, writeConfig } from './config.ts';
import type { ConfigOptions } from './config.ts';
import { resetCluster, waitHealthy } from './cluster.ts';
import { etcdctl } from './etcdctl.ts';
import type { EtcdctlOptions } from './etcdctl.ts';
import { execIn } from './exec.ts';
import { describeAgain } from './door.ts';
import { corruptFile, faults } from './faults.ts';
import type { Corruption, FaultName } from './faults.ts';
import type { Keeper } from './keeper.ts';
import type { NetworkProfile } from './network-profiles.ts';
import { labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import type { Pki } from './pki.ts';
import { leaderPid } from './power.ts';
import type { EtcdVersion } from './recipe.ts';
import type { Answer, RunOptions } from './run.ts';
import type { EtcdPlace, Site } from './site.ts';
import type { SiteName } from './sites/index.ts';
import { sshPaths } from './ssh-keys.ts';
import type { SshFiles } from './ssh-keys.ts';
import { membersOf, readState } from './state.ts';
import type { HostState, LabState } from './state.ts';
import { configureBy } from './styles.ts';
import type { ConfigurationStyle } from './styles.ts';
import { down } from './teardown.ts';
import { bringUp } from './up.ts';
import type { LabOptions } from './up.ts';
import { clientUrl, etcdOf, peerUrl, siteOf } from './urls.ts';

export type {
  Answer,
  ConfigOptions,
  ConfigurationStyle,
  Corruption,
  EtcdctlOptions,
  EtcdPlace,
  EtcdVersion,
  FaultName,
  LabOptions,
  NetworkProfile,
  Pki,
  RunOptions,
  Site,
  SiteName,
};

/** How the bot gets in. */
export interface SshAccess extends SshFiles {
  readonly user: 'etcdops' | 'root';
  /** Where members answer to another host alone. */
  readonly proxyJump?: readonly Hop[];
}

/** One host of a lab. */
export interface LabHost {
  /** `etcd01` … */
  readonly name: string;
  readonly address: string;
  /** Of the first etcd, where a site has several. */
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** Runs a command inside as root, past sshd and network. Throws when it fails, unless `reject: false`. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Answer>;
  isOn(): Promise<boolean>;
  /** Does something bad to the host, or undoes it. @param unit which etcd, where a site has several; the first one when not given */
  fault(name: FaultName, unit?: string): Promise<void>;
  corruptFile(corruption: Corruption): Promise<void>;
  /** Has etcd take the settings of `/etc/default/etcd` from elsewhere, and restarts it. */
  configureBy(style: ConfigurationStyle): Promise<void>;
}

export interface Lab {
  readonly name: string;
  readonly etcd: EtcdVersion;
  readonly siteName: SiteName;
  /** Units, data-dirs, ports and all else that depends on the site. */
  readonly site: Site;
  readonly range: string;
  readonly network: NetworkProfile;
  /** Those of the members. */
  readonly hosts: readonly LabHost[];
  /** Those that are no member, as many as were asked for. */
  readonly spares: readonly LabHost[];
  /** The host of that name, a spare too; throws when there is none. */
  host(name: string): LabHost;
  readonly pki: Pki;
  readonly ssh: SshAccess;
  /** The password of etcd's user root. */
  readonly rootPassword: string;
  /** Against all members as root of etcd, with the CN=root certificate; runs on this machine. */
  etcdctl(argv: readonly string[], options?: EtcdctlOptions): Promise<Answer>;
  /** A config.yaml for the bot; `botConfig` is the same as a value. */
  writeConfig(path: string, options?: ConfigOptions): Promise<void>;
  botConfig(options?: ConfigOptions): Record<string, unknown>;
  /** Until a linearizable read through every member works. */
  waitHealthy(withinMs?: number): Promise<void>;
  /** Back to a fresh, empty, healthy cluster on hosts that are all on and reachable. */
  resetCluster(): Promise<void>;
  /** Removes everything. */
  down(): Promise<void>;
}

/**
 * Makes a lab that dies with this process, however the process ends.
 * @throws Error when a lab of that name lives, no range is free, or anything does not come up; nothing is left then
 */
export async function createLab(options: LabOptions): Promise<Lab> {
  const { state, keeper } = await bringUp({ ...options, owner: 'this process' });
  return labOf(state, keeper);
}

/**
 * Finds a lab that another process made, e.g. `npm run lab -- up`.
 * @throws Error when there is none, or it is not up yet
 */
export async function openLab(name: string): Promise<Lab> {
  const state = await readState(name);
  if (state === undefined) throw new Error(`there is no lab ${name}`);
  if (!state.ready) throw new Error(`the lab ${name} is not up yet, or was left half made`);
  return labOf(state);
}

function labOf(state: LabState, keeper?: Keeper): Lab {
  const paths = labPaths(state.name);
  const all = state.hosts.map((host) => hostOf(state, host));
  const hosts = all.slice(0, membersOf(state).length);
  const jump = proxyJump(state);
  return {
    name: state.name,
    etcd: state.etcd,
    siteName: state.site,
    site: siteOf(state),
    range: state.range,
    network: state.network,
    hosts,
    spares: all.filter((_, index) => state.hosts[index]?.spare === true),
    host: (name) => {
      const found = all.find((host) => host.name === name);
      if (found === undefined)
        throw new Error(`the lab ${state.name} has no host ${name}; it has ${all.map((host) => host.name).join(', ')}`);
      return found;
    },
    pki: pkiPaths(
      paths.pki,
      all.map((host) => host.name),
    ),
    ssh: { user: siteOf(state).ssh.user, ...sshPaths(paths.ssh), ...(jump !== undefined && { proxyJump: jump }) },
    rootPassword: state.rootPassword,
    etcdctl: async (argv, options) => await etcdctl(state, argv, options),
    writeConfig: async (path, options) => await writeConfig(state, path, options),
    botConfig: (options) => botConfig(state, options),
    waitHealthy: async (withinMs) => await waitHealthy(state, withinMs),
    resetCluster: async () => await resetCluster(state),
    down: async () => {
      await down(state.name, state.id);
      await keeper?.release();
    },
  };
}

function hostOf(lab: LabState, host: HostState): LabHost {
  return {
    name: host.name,
    address: host.address,
    clientUrl: clientUrl(host, etcdOf(lab)),
    peerUrl: peerUrl(lab, host, etcdOf(lab)),
    exec: async (argv, options) => await execIn(lab, host, argv, options),
    isOn: async () => (await leaderPid(lab, host)) !== undefined,
    fault: async (name, unit) => await faults[name](lab, host, etcdOf(lab, unit)),
    corruptFile: async (corruption) => await corruptFile(lab, host, corruption),
    configureBy: async (style) => {
      await configureBy(lab, host, style);
      await describeAgain(lab, host);
    },
  };
}
