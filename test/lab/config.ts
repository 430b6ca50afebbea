/** A config.yaml for the bot that points at a lab. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { clientUrl, peerUrl } from './host-files.ts';
import { labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import { sshPaths } from './ssh-keys.ts';
import { membersOf } from './state.ts';
import type { LabState } from './state.ts';

export interface ConfigOptions {
  /** How the bot is to call the cluster; the lab's name when not given. */
  readonly cluster?: string;
  /** Put over the cluster's own keys, e.g. `{ approvers: ['U0BOB'] }`. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Put over the keys beside `clusters`. */
  readonly top?: Readonly<Record<string, unknown>>;
}

/** The variable the configuration takes the password of etcd's root from. */
export const passwordVariable = 'LAB_ETCD_PASSWORD';

/** The configuration as a value, for tests that change it. */
export function botConfig(lab: LabState, { cluster = lab.name, overrides = {}, top = {} }: ConfigOptions = {}): Record<string, unknown> {
  const { state, pki: pkiDir, ssh: sshDir } = labPaths(lab.name);
  const pki = pkiPaths(pkiDir, []);
  const { user, identityFile, knownHostsFile } = sshPaths(sshDir);
  return {
    backups: { directory: join(state, 'backups') },
    ...top,
    clusters: {
      [cluster]: {
        channels: ['#inc-*', '#lab'],
        operators: ['U0ALICE'],
        approvers: ['U0BOB', 'U0CAROL'],
        approvals: { required: 1, quorumLoss: 2, expiresAfter: '30m' },
        tls: { ca: pki.ca, cert: pki.root.cert, key: pki.root.key },
        auth: { user: 'root', passwordFrom: passwordVariable },
        ssh: { user, identityFile, knownHostsFile },
        etcd: { unit: 'etcd', initialClusterToken: 'etcd-cluster' },
        members: Object.fromEntries(
          membersOf(lab).map(({ name, address }) => [name, { host: address, clientUrl: clientUrl(address), peerUrl: peerUrl(address) }]),
        ),
        ...overrides,
      },
    },
  };
}

export async function writeConfig(lab: LabState, path: string, options?: ConfigOptions): Promise<void> {
  await writeFile(path, stringify(botConfig(lab, options)), { mode: 0o600 });
}
