/** Looks and rows for tests of what is concluded from them. */
import type { EndpointLook, EndpointStatus, MemberHash, MemberRow } from '../../src/etcd/etcd.ts';
import { ClusterId, MemberId, MemberName } from '../../src/ids.ts';

/** The status of a healthy member in a cluster that `a1` leads. */
export function statusOf(id: string, change: Partial<EndpointStatus> = {}): EndpointStatus {
  return {
    memberId: MemberId.parse(id),
    clusterId: ClusterId.parse('c1'),
    version: '3.4.23',
    dbSizeBytes: 20_480,
    dbSizeInUseBytes: 16_384,
    leader: MemberId.parse('a1'),
    isLearner: false,
    raftTerm: 4n,
    raftIndex: 20n,
    raftAppliedIndex: 20n,
    revision: 7n,
    errors: [],
    ...change,
  };
}

/** A member that answers: `etcd01` has the id `a1`, and so on. */
export function answers(number: number, change: Partial<EndpointStatus> = {}): EndpointLook {
  return {
    member: MemberName.parse(`etcd0${number}`),
    endpoint: `https://10.0.0.3${number}:2379`,
    answers: true,
    status: statusOf(`a${number}`, change),
  };
}

/** A member that does not. */
export function silent(number: number): EndpointLook {
  return {
    member: MemberName.parse(`etcd0${number}`),
    endpoint: `https://10.0.0.3${number}:2379`,
    answers: false,
    code: 'refused',
    reason: 'connection refused',
  };
}

/** The first `count` members, of which the given ones are learners. */
export function members(count: number, learners: readonly number[] = []): MemberRow[] {
  return Array.from({ length: count }, (_, index) => ({
    memberId: MemberId.parse(`a${index + 1}`),
    name: `etcd0${index + 1}`,
    peerUrls: [],
    clientUrls: [],
    isLearner: learners.includes(index + 1),
  }));
}

/** A member's hash at revision 7. */
export function hashOf(number: number, hash: number, compactRevision = -1n): MemberHash {
  return { member: MemberName.parse(`etcd0${number}`), hash, revision: 7n, compactRevision };
}
