/** Whether a cluster can do without a member and take another in: quorum, learners in the way, voters that are down. */
import { allOf, fails, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { ClusterLook, EndpointStatus, MemberRow } from '../../etcd/etcd.ts';
import type { MemberId } from '../../ids.ts';
import { safeOn } from '../judging/hazards.ts';
import type { PreparedReplacement, Removal } from '../replace-member.ts';
import { hasPeerUrl, inWords } from './which-member.ts';
import { list, plural } from '../../engine/words.ts';

/** What is judged: whom it removes, whom it lets in. */
export type Exchange = Pick<PreparedReplacement, 'member' | 'removes' | 'peerUrl' | 'evenHealthy'> & { readonly cluster: string };

/** All that one look shows against the exchange, every reason at once. Asked before the plan, and again after the approval. */
export function clusterAllows(exchange: Exchange, look: ClusterLook): Finding {
  const { members, quorum } = look;
  const { cluster } = exchange;
  if (members === undefined || !quorum.holds)
    return fails(
      `${cluster} has no quorum (${quorum.sentence}), and no member can be removed or added without one. Where data-dirs are intact, \`start ${cluster}\` loses nothing; otherwise \`recover-quorum ${cluster}\`.`,
    );
  return allOf([
    isDown(exchange, look),
    quorumWithout(exchange, members, answeringIds(look)),
    noOtherLearner(exchange, members),
    mayAdd(exchange, members, look),
  ]);
}

/** The members that answer, by id. */
export function answeringIds({ endpoints }: Pick<ClusterLook, 'endpoints'>): ReadonlySet<MemberId> {
  return new Set(statusesOf({ endpoints }).map(({ memberId }) => memberId));
}

/** The status of every endpoint that answers. */
export function statusesOf({ endpoints }: Pick<ClusterLook, 'endpoints'>): readonly EndpointStatus[] {
  return endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status] : []));
}

/** Of what is to be removed, what is a member still. */
export function stillMembers(removes: readonly Removal[], members: readonly MemberRow[]): readonly Removal[] {
  return removes.filter(({ id }) => members.some(({ memberId }) => memberId === id));
}

function isDown({ cluster, member, removes, evenHealthy }: Exchange, look: ClusterLook): Finding {
  const answering = answeringIds(look);
  return allOf(
    removes
      .filter(({ id }) => answering.has(id))
      .map((removal) => {
        if (removal.member !== member)
          return fails(
            `${nameOf(removal)} answers: --also-remove is for a member that is down. To replace it, \`replace-member ${cluster} ${removal.member}\` in a run of its own.`,
          );
        return that(evenHealthy, `${nameOf(removal)} answers, so it need not be replaced. To replace it all the same, add --healthy.`);
      }),
  );
}

/** Removing first keeps the votes that are needed low; still the others must hold them after each removal: https://etcd.io/docs/v3.5/op-guide/runtime-configuration/#replace-a-failed-machine */
function quorumWithout({ removes, cluster }: Exchange, members: readonly MemberRow[], answering: ReadonlySet<MemberId>): Finding {
  const gone = new Set<MemberId>();
  return allOf(
    stillMembers(removes, members).map((removal) => {
      gone.add(removal.id);
      const voters = members.filter(({ memberId, isLearner }) => !isLearner && !gone.has(memberId));
      const up = voters.filter(({ memberId }) => answering.has(memberId)).length;
      const needed = Math.floor(voters.length / 2) + 1;
      if (voters.length > 0 && up >= needed) return that(true, '');
      return fails(
        voters.length === 0
          ? `${nameOf(removal)} is the only voter: ${cluster} would have none left. If its data is lost, \`restore ${cluster}\`.`
          : `Without ${nameOf(removal)} only ${up} of ${plural(voters.length, 'voter')} would answer and ${needed} are needed: quorum would not hold. Bring the others back first (\`start ${cluster}\`).`,
      );
    }),
  );
}

/** etcd takes one learner at a time (`max-learners`): https://etcd.io/docs/v3.5/learning/design-learner/ */
function noOtherLearner({ removes, peerUrl, cluster }: Exchange, members: readonly MemberRow[]): Finding {
  const others = members.filter((row) => row.isLearner && !hasPeerUrl(row, peerUrl) && !removes.some(({ id }) => id === row.memberId));
  return that(
    others.length === 0,
    `There is another learner, and etcd takes one at a time: ${others.map(inWords).join('; ')}. Finish it first (\`replace-member ${cluster} <its name>\`, or \`etcdctl member promote ${others[0]?.memberId}\`), or remove it (\`etcdctl member remove ${others[0]?.memberId}\`).`,
  );
}

function mayAdd({ removes, peerUrl, cluster, member }: Exchange, members: readonly MemberRow[], look: ClusterLook): Finding {
  const answering = answeringIds(look);
  const staying = members.filter(({ memberId }) => !removes.some(({ id }) => id === memberId));
  if (staying.some((row) => hasPeerUrl(row, peerUrl))) return that(true, '');
  const down = staying.filter(({ memberId, isLearner }) => !isLearner && !answering.has(memberId));
  if (down.length === 0) return that(true, '');
  const [first] = down;
  const alternative =
    down.length === 1 && first?.name !== ''
      ? `or, when it is lost too, say \`replace-member ${cluster} ${member} --also-remove ${first?.name}\`: it is removed at the same gate, and replaced by a run of its own afterwards`
      : `or remove what is lost (${down.map(({ memberId }) => `\`etcdctl member remove ${memberId}\``).join(', ')})`;
  const versions = new Set(statusesOf(look).map(({ version }) => version));
  return safeOn(versions, 'add-member', {
    'other-voters-up': fails(`${list(down.map(inWords))}, is down too. Start it first, ${alternative}.`),
  });
}

/** `etcd03 (8e9e05c52164694d)` */
export function nameOf({ member, id }: Pick<Removal, 'member' | 'id'>): string {
  return `${member} (${id})`;
}
