/** From facts to the next right action: what a person who knows etcd would say first. */
import type { ClusterLook } from '../etcd/etcd.ts';
import type { MemberName } from '../ids.ts';
import { list, plural } from './words.ts';

/** What was seen of the host of a member that does not answer; `reachable: false` when ssh did not answer in time. */
export type HostSight =
  | { readonly member: MemberName; readonly reachable: false; readonly because: string }
  | {
      readonly member: MemberName;
      readonly reachable: true;
      readonly unit: string;
      readonly masked: boolean;
      readonly dataIntact: boolean;
    };

/** What triage looks at. */
export interface Sights {
  readonly cluster: string;
  readonly look: ClusterLook;
  /** One for each member that does not answer. */
  readonly silent: readonly HostSight[];
  /** Age in words of the newest usable snapshot; undefined when there is none. */
  readonly newestSnapshotAge: string | undefined;
}

/** One sentence: what is to be done now, with the command. The order is the order of least loss. */
export function nextAction(sights: Sights): string {
  const { look, silent, cluster } = sights;
  const corrupt = look.alarms?.some((alarm) => alarm.type === 'CORRUPT') ?? false;
  const full = look.alarms?.some((alarm) => alarm.type === 'NOSPACE') ?? false;
  if (!look.quorum.holds) return withoutQuorum(sights);
  if (corrupt)
    return 'A member is corrupt: take it out of use and compare hashes before you trust any member. Do not defragment or restart the others now.';
  if (full)
    return `The database is over its quota, so writes are refused. First \`backup ${cluster}\`; then compact, defragment each member, and disarm the alarm.`;
  if (silent.length > 0) return minorityDown(silent);
  if (look.quorum.voters % 2 === 0)
    return `Nothing is wrong now. ${look.quorum.voters} voters tolerate no more failures than ${look.quorum.voters - 1}: an odd number is better.`;
  return sights.newestSnapshotAge === undefined ? `Nothing is wrong, but there is no snapshot: \`backup ${cluster}\`.` : 'Nothing to do.';
}

function withoutQuorum({ look, silent, cluster, newestSnapshotAge }: Sights): string {
  const startable = silent.filter((sight) => sight.reachable && sight.dataIntact);
  const { answering, needed } = look.quorum;
  if (answering >= needed)
    return 'Enough members answer but they have no leader: look at the network between them and at their clocks, and wait for an election, before anything else.';
  if (answering + startable.length >= needed) {
    return `${plural(silent.length, 'member')} down, the data of ${names(startable)} is intact: start etcd there (\`${startCommand(startable)}\`); nothing is lost.`;
  }
  const unseen = silent.filter((sight) => !sight.reachable);
  if (answering + startable.length + unseen.length >= needed) {
    return `Bring ${names(unseen)} back first (${reasons(unseen)}): if the data there is intact, nothing is lost. Only if that cannot be done: ${restoreSentence(cluster, newestSnapshotAge)}`;
  }
  return `Quorum cannot come back by itself: the data of ${names(silent.filter((sight) => sight.reachable && !sight.dataIntact))} is gone. ${restoreSentence(cluster, newestSnapshotAge)}`;
}

function restoreSentence(cluster: string, age: string | undefined): string {
  if (age === undefined) return `there is no snapshot of ${cluster}: if a member still answers, take one now (\`backup ${cluster}\`).`;
  return `\`restore ${cluster}\` puts back the newest snapshot (${age} old); if a member still answers, \`backup ${cluster}\` first, it is newer.`;
}

function minorityDown(silent: readonly HostSight[]): string {
  const startable = silent.filter((sight) => sight.reachable && sight.dataIntact);
  if (startable.length > 0)
    return `Start etcd on ${names(startable)} (\`${startCommand(startable)}\`): the data is intact, nothing is lost.`;
  const unseen = silent.filter((sight) => !sight.reachable);
  if (unseen.length > 0) return `Look at ${names(unseen)}: ${reasons(unseen)}. Writes go on without it.`;
  return `The data of ${names(silent)} is gone: replace that member (remove it, then add it anew). Writes go on meanwhile.`;
}

function startCommand(sights: readonly HostSight[]): string {
  const masked = sights.some((sight) => sight.reachable && sight.masked);
  return masked ? 'systemctl unmask etcd && systemctl start etcd' : 'systemctl start etcd';
}

function names(sights: readonly HostSight[]): string {
  return list(sights.map(({ member }) => member));
}

function reasons(sights: readonly HostSight[]): string {
  return sights.map((sight) => (sight.reachable ? sight.unit : sight.because)).join('; ');
}
