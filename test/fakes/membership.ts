/** Who belongs to a cluster in memory, as `member list` would say it, and the cluster's alarms. */
import { OpsError } from '../../src/errors.ts';
import type { Alarm, MemberRow } from '../../src/etcd/etcd.ts';
import { MemberId } from '../../src/ids.ts';

/** A member; its name is empty until it starts. */
export interface Row {
  readonly memberId: MemberId;
  name: string;
  peerUrls: readonly string[];
  isLearner: boolean;
}

/** A cluster's members and what is kept beside the keys. */
export interface Membership {
  readonly members: Map<MemberId, Row>;
  readonly alarms: Alarm[];
  compactRevision: bigint;
  /** Who leads while it serves; else the first voter that does. */
  leader: MemberId | undefined;
  nextId: number;
  /** How often a promotion is still refused because the learner lags. */
  lagsFor: number;
}

/** A cluster of these members, all voters and started. @param prefix makes ids that no other cluster has */
export function makeMembership(members: readonly { readonly name: string; readonly peerUrl: string }[], prefix: string): Membership {
  const rows = members.map(({ name, peerUrl }, index): Row => ({
    memberId: MemberId.parse(`${prefix}${index}`),
    name,
    peerUrls: [peerUrl],
    isLearner: false,
  }));
  return {
    members: new Map(rows.map((row) => [row.memberId, row])),
    alarms: [],
    compactRevision: 0n,
    leader: undefined,
    nextId: 0xe0,
    lagsFor: 0,
  };
}

/** As `member list` gives them. */
export function rowsOf({ members }: Membership): readonly MemberRow[] {
  return [...members.values()].map((row) => ({ ...row, clientUrls: row.name === '' ? [] : row.peerUrls }));
}

/** Adds a learner, or gives the one that is there. */
export function addLearner(membership: Membership, peerUrls: readonly string[], othersDown: boolean): { row: MemberRow; changed: boolean } {
  const there = [...membership.members.values()].find((row) => row.peerUrls.some((url) => peerUrls.includes(url)));
  if (there !== undefined) return { row: { ...there, clientUrls: [] }, changed: false };
  if (othersDown) throw new OpsError('ETCD_REQUEST_FAILED', 'etcd refused to add a member: unhealthy cluster.');
  const row: Row = { memberId: MemberId.parse((membership.nextId++).toString(16)), name: '', peerUrls, isLearner: true };
  membership.members.set(row.memberId, row);
  return { row: { ...row, clientUrls: [] }, changed: true };
}
