/** The hosts of one cluster, over ssh: the entrance to this folder. */
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Tenure } from '../engine/tenure.ts';
import type { MemberName, RunId } from '../ids.ts';
import type { Channel } from './channel.ts';
import { createHostClient } from './host-client.ts';
import type { Closing } from './host-client.ts';
import type { Host } from './host.ts';
import type { IdleChannels } from './idle-channels.ts';
import { createRemoteHost } from './remote-host.ts';
import { openSsh } from './ssh.ts';
import type { Link } from './ssh.ts';
import type { SshTarget } from './ssh-options.ts';

export interface HostsDeps {
  readonly members: readonly { readonly name: MemberName; readonly host: string; readonly clientUrl: string; readonly peerUrl: string }[];
  readonly ssh: Omit<SshTarget, 'address'>;
  /** Which of a host's etcds is meant: the name of an entry of its host.json. */
  readonly etcd: { readonly unit: string };
  /** The run whose names plans are made of; for a question a name that no run has. */
  readonly runId: RunId;
  /** Gets every command that was carried out. */
  readonly record: RecordCommand;
  /** Takes known secrets out of what is recorded. */
  readonly conceal?: Conceal;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs?: () => number;
  /** The run in whose name the hosts are changed; undefined where nothing may be changed. */
  readonly tenure: Tenure | undefined;
  /** Keeps the channels of a run that waits. */
  readonly idle?: IdleChannels | undefined;
  /** Starts what leads to a host; ssh when not given. */
  readonly open?: (target: SshTarget) => Link;
}

/** Hosts with the connections behind them. */
export interface Hosts {
  /** In the order of the members. */
  readonly hosts: readonly Host[];
  /** Ends the connections. Requests that are under way then fail. */
  close(how?: Closing): Promise<void>;
}

/** For one run: another one finds out anew whether there is a way to its hosts, before it rests on that. */
function idleOn(idle: IdleChannels, runId: RunId, target: SshTarget) {
  const way = `${runId} ${JSON.stringify(target)}`;
  return { take: () => idle.take(way), put: async (channel: Channel) => await idle.put(way, channel) };
}

/** Makes the hosts; connects to none yet. */
export function createHosts(deps: HostsDeps): Hosts {
  const { members, ssh, etcd, runId, record, conceal, clock, tenure, idle, open = openSsh } = deps;
  const monotonicMs = deps.monotonicMs ?? (() => performance.now());
  const connected = members.map(({ name: member, host: address, clientUrl, peerUrl }) => {
    const { unit } = etcd;
    const target = { ...ssh, address };
    const client = createHostClient({
      member,
      address,
      unit,
      open: () => open(target),
      idle: idle && idleOn(idle, runId, target),
      record,
      conceal,
      clock,
      monotonicMs,
      tenure,
    });
    const host = createRemoteHost({ client, member, address, clientUrl, peerUrl, unit, run: runId, clock, monotonicMs });
    return { client, host };
  });
  return {
    hosts: connected.map(({ host }) => host),
    async close(how) {
      await Promise.all(connected.map(({ client }) => client.close(how)));
    },
  };
}
