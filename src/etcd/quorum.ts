/** Counts the votes of a cluster from one look at it, and says in a sentence what that means. */
import type { EndpointLook, EndpointStatus, MemberRow, Quorum } from './etcd.ts';

/**
 * How the votes stand. A voter counts as answering when a configured endpoint answers as that member; learners do not count.
 * The leader is the one that a majority of the voters follows, and it must answer itself.
 * @param members undefined when no member could list them: then every configured endpoint counts as a voter
 * @see https://etcd.io/docs/v3.4/faq/#what-is-failure-tolerance
 */
export function quorumOf(looks: readonly EndpointLook[], members: readonly MemberRow[] | undefined): Quorum {
  const voters = members === undefined ? looks.length : members.filter((member) => !member.isLearner).length;
  const needed = Math.floor(voters / 2) + 1;
  const answering = answeringVoters(looks, members);
  const leader = followedLeader(answering, needed);
  const followers = answering.filter((status) => status.leader !== undefined && status.leader === leader).length;
  const leaderAnswers = leader !== undefined && answering.some((status) => status.memberId === leader);
  const holds = leaderAnswers && followers >= needed;
  const count = { voters, answering: answering.length, needed, holds, mayFail: holds ? followers - needed : 0 };
  return { ...count, sentence: members === undefined ? unlisted(looks, answering.length) : sentence({ ...count, followers, leader }) };
}

function answeringVoters(looks: readonly EndpointLook[], members: readonly MemberRow[] | undefined): readonly EndpointStatus[] {
  const byId = new Map(looks.flatMap((look) => (look.answers ? [[look.status.memberId, look.status] as const] : [])));
  if (members === undefined) return [...byId.values()].filter((status) => !status.isLearner);
  return members.flatMap((member) => {
    const status = byId.get(member.memberId);
    return status === undefined || member.isLearner ? [] : [status];
  });
}

function followedLeader(answering: readonly EndpointStatus[], needed: number): string | undefined {
  const leaders = answering.flatMap((status) => (status.leader === undefined ? [] : [status.leader]));
  return leaders.find((leader) => leaders.filter((other) => other === leader).length >= needed);
}

interface Votes {
  readonly voters: number;
  readonly answering: number;
  readonly needed: number;
  readonly holds: boolean;
  readonly mayFail: number;
  readonly followers: number;
  readonly leader: string | undefined;
}

function sentence(votes: Votes): string {
  const { voters, answering, needed, followers } = votes;
  const count = `${answering} of ${plural(voters, 'voter')} ${answering === 1 ? 'answers' : 'answer'}`;
  if (answering === 0) return `${count}: nothing can be read or written.`;
  if (answering < needed) return `${count}, ${needed} are needed: quorum is lost and nothing can be written.`;
  if (votes.leader === undefined) return `${count}, but they follow no common leader: nothing can be written until one is elected.`;
  if (!votes.holds) return `${count}, but not the leader they follow (${votes.leader}): whether writes go on cannot be seen from here.`;
  if (followers < answering) return `${count}, but only ${followers} of them follow the leader: ${tolerance(votes)}.`;
  return `${count}: ${tolerance(votes)}.`;
}

function tolerance({ voters, answering, mayFail }: Votes): string {
  if (voters === 1) return 'it is the only one, so its failure stops everything';
  if (mayFail === 0) return 'one more failure stops writes';
  const may = `${mayFail} ${answering < voters ? 'more ' : ''}may fail before writes stop`;
  return voters % 2 === 0 ? `${may}, no more than with ${voters - 1} voters` : may;
}

function unlisted(looks: readonly EndpointLook[], answering: number): string {
  const configured = plural(looks.length, 'configured member');
  if (looks.every((look) => !look.answers)) return `None of the ${configured} answers: nothing can be read or written through them.`;
  return `${answering} of ${configured} ${answering === 1 ? 'answers' : 'answer'}, but none of them gives the list of members: the votes are counted by the configuration.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
