/** Turns etcd3's answers into the contract's rows: decimal strings into hex ids, bigints and sizes. */
import type { IMember, IMemberListResponse, IStatusResponse } from 'etcd3';
import { ClusterId, MemberId } from '../ids.ts';
import type { Alarm, EndpointStatus, MemberRow } from './etcd.ts';

/** A uint64 as etcd3 hands it over (decimal), as etcdctl prints it (hex). */
export function memberIdOf(decimal: string): MemberId {
  return MemberId.parse(BigInt(decimal).toString(16));
}

/** A member id as etcd3 takes it: the decimal string of a uint64. */
export function decimalOf(id: MemberId): string {
  return BigInt(`0x${id}`).toString();
}

/** One row of `etcdctl endpoint status`. */
export function statusOf(response: IStatusResponse): EndpointStatus {
  return {
    memberId: memberIdOf(response.header.member_id),
    clusterId: ClusterId.parse(BigInt(response.header.cluster_id).toString(16)),
    version: response.version,
    dbSizeBytes: Number(response.dbSize),
    dbSizeInUseBytes: Number(response.dbSizeInUse),
    leader: response.leader === '0' ? undefined : memberIdOf(response.leader),
    isLearner: response.isLearner,
    raftTerm: BigInt(response.raftTerm),
    raftIndex: BigInt(response.raftIndex),
    raftAppliedIndex: BigInt(response.raftAppliedIndex),
    revision: BigInt(response.header.revision),
    // etcd gathers them out of a map: in another order at every look.
    errors: response.errors.toSorted(),
  };
}

/** The rows of `etcdctl member list`. */
export function membersOf(response: Pick<IMemberListResponse, 'members'>): readonly MemberRow[] {
  return response.members.map(memberOf);
}

/** One row of `etcdctl member list`. */
export function memberOf(member: IMember): MemberRow {
  return {
    memberId: memberIdOf(member.ID),
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
  };
}

/**
 * The alarms that a member knows of, out of its status: `memberID:13446208357084833212 alarm:NOSPACE`.
 * `alarm list` itself is a raft proposal: it needs a quorum and writes to the log at every look
 * (`etcdserver.Alarm` ends in `raftRequest`: https://github.com/etcd-io/etcd/blob/v3.4.23/etcdserver/v3_server.go).
 */
export function alarmsOf(status: EndpointStatus): readonly Alarm[] {
  return status.errors.flatMap((text) => {
    const [, memberId = '0', type] = /^(?:memberID:(\d+)\s+)?alarm:(NOSPACE|CORRUPT)\b/.exec(text.trim()) ?? [];
    return type === 'NOSPACE' || type === 'CORRUPT' ? [{ memberId: memberIdOf(memberId), type }] : [];
  });
}
