/** Whether a cluster goes on taking writes without some of its members. */
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { voters } from './members.ts';
import { list, plural } from '../../engine/words.ts';

/** Counts the voters that answer and follow the leader, without these. https://etcd.io/docs/v3.5/faq/#what-is-failure-tolerance */
export function quorumWithout(look: ClusterLook, members: readonly MemberName[]): Finding {
  const { quorum } = look;
  if (!quorum.holds) return fails(`There is no quorum as it is. ${quorum.sentence}`);
  const left = voters(look).filter(({ member, status }) => !members.includes(member) && status.leader !== undefined).length;
  const sentence = `Without ${list(members)} ${left} of ${plural(quorum.voters, 'voter')} ${left === 1 ? 'is' : 'are'} left, and ${quorum.needed} ${quorum.needed === 1 ? 'is' : 'are'} needed.`;
  return left >= quorum.needed ? holds(sentence) : fails(sentence);
}
