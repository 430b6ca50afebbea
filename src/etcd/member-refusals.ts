/** Why etcd refuses a change of members, and what a person can do about it. */
import { OpsError } from '../errors.ts';
import type { MemberId } from '../ids.ts';
import { askLeader } from './ask.ts';
import type { AskDeps } from './ask.ts';
import type { ClusterLook, MemberRow } from './etcd.ts';
import type { Refusal } from './grpc-error.ts';
import { membersOf } from './status.ts';

const limitMs = 5_000;

/**
 * The member list of the leader: linearizable from 3.5 on; in 3.4 every member answers from its own store, and only the leader is sure to
 * have what was changed before. @throws OpsError ETCD_*
 */
export async function listMembers(deps: AskDeps): Promise<readonly MemberRow[]> {
  const response = await askLeader(deps, {
    what: 'list of members',
    limitMs,
    request: (client, options) => client.cluster.memberList({ linearizable: true }, options),
  });
  return membersOf(response);
}

/** What the cluster looked like right after a refusal. */
interface After {
  readonly seen: ClusterLook;
  /** Voters that do not answer, by name. */
  readonly silent: readonly string[];
}

/** The error for a refused change. @param what `removal of member 8e9e05c52164694d` */
export function whyRefused(what: string, refused: Refusal, after: After): OpsError {
  const { because, hint } = reasonOf(refused, after);
  return new OpsError('ETCD_REQUEST_FAILED', `etcd refused the ${what}: ${because}.`, { hint, details: { refused } });
}

function reasonOf(refused: Refusal, { seen, silent }: After): { readonly because: string; readonly hint: string } {
  const named = silent.join(' and ');
  switch (refused) {
    case 'unhealthy':
      return silent.length === 0
        ? {
            because: 'unhealthy cluster, though the voters answer: they are not all connected to each other, or not for 5 s yet',
            hint: "Check that the members reach each other's peer URLs (port 2380), wait a few seconds, then press Retry.",
          }
        : {
            because: `unhealthy cluster. ${named} ${silent.length === 1 ? 'is a voter that does' : 'are voters that do'} not answer, and etcd 3.4, 3.5 before 3.5.30 and 3.6 before 3.6.11 do not add a member then, nor does any remove one that the others need`,
            hint: `Start etcd on ${named}, or remove what will not come back, then press Retry.`,
          };
    case 'not-enough-started':
      return {
        because: `too few started voters would be left for a quorum${silent.length === 0 ? '' : ` (${named} ${silent.length === 1 ? 'does' : 'do'} not answer)`}`,
        hint: 'Start the voters that are down or were never started, or remove those that will not come back, then press Retry.',
      };
    case 'too-many-learners': {
      const learners = (seen.members ?? []).filter(({ isLearner }) => isLearner);
      const list = learners.map(({ name, memberId, peerUrls }) => `${name === '' ? peerUrls.join(', ') : name} (${memberId})`).join(', ');
      return {
        because: `there is a learner already${list === '' ? '' : `: ${list}`}, and etcd takes one at a time`,
        hint: 'Promote that learner when it is in sync, or remove it, then press Retry.',
      };
    }
    case 'peer-url-taken':
      return {
        because: 'another member has one of these peer URLs',
        hint: '`status` lists the members: remove the one that has the URL, or choose another.',
      };
    case 'no-such-member':
      return { because: 'there is no such member', hint: '`status` lists the members.' };
    default:
      return { because: refused.replaceAll('-', ' '), hint: 'Read what etcd said, then press Retry.' };
  }
}

/** Voters, but for `without`, that none of the members looked at answers as. */
export function silentVoters({ endpoints, members }: ClusterLook, without?: MemberId): readonly string[] {
  const answering = new Set(endpoints.flatMap((one) => (one.answers ? [one.status.memberId] : [])));
  return (members ?? []).flatMap(({ isLearner, memberId, name }) =>
    isLearner || memberId === without || answering.has(memberId) ? [] : [name === '' ? `the member ${memberId} that never started` : name],
  );
}
