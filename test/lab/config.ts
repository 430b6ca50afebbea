/** A config.yaml for the bot that points at a lab. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { proxyJump } from './bastion.ts';
import { labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import { sshPaths } from './ssh-keys.ts';
import { membersOf } from './state.ts';
import type { LabState } from './state.ts';
import { clientUrl, etcdOf, memberName, peerUrl, siteOf } from './urls.ts';

export interface ConfigOptions {
  /** How the bot is to call the cluster; the lab's name when not given. */
  readonly cluster?: string;
  /** The etcd of that unit, where a site has several; the first one when not given. */
  readonly unit?: string;
  /** Put over the cluster's own keys, e.g. `{ approvers: ['U0BOB'] }`. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Put over the keys beside `clusters`. */
  readonly top?: Readonly<Record<string, unknown>>;
}

/** The variable the configuration takes the password of etcd's root from. */
export const passwordVariable = 'LAB_ETCD_PASSWORD';

/** The configuration as a value, for tests that change it. */
export function botConfig(
  lab: LabState,
  { cluster = lab.name, unit, overrides = {}, top = {} }: ConfigOptions = {},
): Record<string, unknown> {
  const { state, pki: pkiDir, ssh: sshDir } = labPaths(lab.name);
  const pki = pkiPaths(pkiDir, []);
  const { identityFile, knownHostsFile } = sshPaths(sshDir);
  const jump = proxyJump(lab);
  const site = siteOf(lab);
  const etcd = etcdOf(lab, unit);
  // Without users in etcd any certificate of its CA will do, and one that says root would prove less.
  const client = site.auth ? pki.root : pki.plain;
  return {
    backups: { directory: join(state, 'backups') },
    ...top,
    clusters: {
      [cluster]: {
        channels: ['#inc-*', '#lab'],
        operators: ['U0ALICE'],
        approvers: ['U0BOB', 'U0CAROL'],
        approvals: { required: 1, quorumLoss: 2, expiresAfter: '30m' },
        keys: { put: ['/'], get: ['/'] },
        tls: { ca: pki.ca, cert: client.cert, key: client.key },
        ...(site.auth && { auth: { user: 'root', passwordFrom: passwordVariable } }),
        ssh: { user: site.ssh.user, identityFile, knownHostsFile, ...(jump !== undefined && { proxyJump: jump }) },
        etcd: { unit: etcd.unit, initialClusterToken: etcd.token },
        members: Object.fromEntries(
          membersOf(lab).map((host) => [
            memberName(host, etcd),
            { host: host.address, clientUrl: clientUrl(host, etcd), peerUrl: peerUrl(lab, host, etcd) },
          ]),
        ),
        ...overrides,
      },
    },
  };
}

export async function writeConfig(lab: LabState, path: string, options?: ConfigOptions): Promise<void> {
  await writeFile(path, stringify(botConfig(lab, options)), { mode: 0o600 });
}
