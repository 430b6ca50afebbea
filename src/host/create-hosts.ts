/** The hosts of one cluster, over ssh: the entrance to this folder. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Tenure } from '../engine/tenure.ts';
import type { MemberName } from '../ids.ts';
import type { Host } from './host.ts';
import { createRemoteHost } from './remote-host.ts';
import { createShell } from './shell.ts';
import { controlPathIn } from './ssh.ts';

export interface HostsDeps {
  readonly members: readonly { readonly name: MemberName; readonly host: string; readonly clientUrl: string; readonly peerUrl: string }[];
  readonly ssh: {
    readonly user: string;
    readonly identityFile: string;
    readonly knownHostsFile: string;
    readonly port?: number | undefined;
  };
  readonly etcd: { readonly unit: string; readonly dataDir: string };
  /** Gets every command that was carried out. */
  readonly record: RecordCommand;
  /** Takes known secrets out of what is recorded. */
  readonly conceal?: Conceal;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** The run in whose name the hosts are changed; undefined where nothing may be changed. */
  readonly tenure: Tenure | undefined;
}

/** Hosts with the connections behind them. */
export interface Hosts {
  /** In the order of the members. */
  readonly hosts: readonly Host[];
  /** Ends the shared connections and removes their sockets. Commands that run then fail. */
  close(): Promise<void>;
}

/**
 * Makes the hosts; connects to none yet.
 * @throws OpsError CONFIG_INVALID when the machine's temporary directory has too long a name for a socket
 */
export function createHosts({ members, ssh, etcd, record, conceal, clock, tenure }: HostsDeps): Hosts {
  // mkdtemp makes it with mode 0700: whoever can open the sockets in it can run commands on the hosts.
  const controlDir = mkdtempSync(join(tmpdir(), 'etcd-medic-'));
  const connected = members.map((member, index) => {
    const target = { ...ssh, address: member.host, controlPath: controlPathIn(controlDir, index) };
    const shell = createShell({ member: member.name, target, record, ...(conceal !== undefined && { conceal }), clock, tenure });
    const host = createRemoteHost({
      shell,
      member: member.name,
      address: member.host,
      clientUrl: member.clientUrl,
      peerUrl: member.peerUrl,
      unit: etcd.unit,
      dataDir: etcd.dataDir,
      clock,
    });
    return { shell, host };
  });
  return {
    hosts: connected.map(({ host }) => host),
    async close() {
      await Promise.all(connected.map(({ shell }) => shell.close()));
      await rm(controlDir, { recursive: true, force: true });
    },
  };
}
