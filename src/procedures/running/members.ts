/** What one look at a cluster says of its members: who answers, who leads, who has caught up, who may fail. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import type { ClusterLook, EndpointStatus } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { caughtUpWithin } from './most-applied.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** A configured member that answers. */
export interface Answering {
  readonly member: MemberName;
  readonly status: EndpointStatus;
}

/** The members that answer, in the order of the configuration. */
export function answering({ endpoints }: ClusterLook): readonly Answering[] {
  return endpoints.flatMap((endpoint) => (endpoint.answers ? [{ member: endpoint.member, status: endpoint.status }] : []));
}

/** The voters that answer. */
export function voters(look: ClusterLook): readonly Answering[] {
  return answering(look).filter(({ status }) => !status.isLearner);
}

/** The member that leads, when it is one of the configured ones and answers. */
export function leaderOf(look: ClusterLook): Answering | undefined {
  return answering(look).find(({ status }) => status.leader === status.memberId);
}

/** The name of a member id, as far as it is known. */
export function nameOf(look: ClusterLook, id: string): string {
  return answering(look).find(({ status }) => status.memberId === id)?.member ?? id;
}

/** How the votes stand, and who gives no answer and why: for a person who must know which host to look at. */
export function votesInWords({ endpoints, quorum }: Pick<ClusterLook, 'endpoints' | 'quorum'>): string {
  const silent = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [`${endpoint.member} does not answer (${endpoint.reason})`]));
  return silent.length === 0 ? quorum.sentence : `${quorum.sentence} ${silent.join('; ')}.`;
}

/** Every configured member answers, and the votes hold. */
export function allAnswer(look: ClusterLook): Finding {
  const silent = look.endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [`${endpoint.member}: ${endpoint.reason}`]));
  if (silent.length > 0) return fails(`Not every member answers (${silent.join('; ')}).`);
  return that(look.quorum.holds, look.quorum.sentence);
}

/** Every member that answers has applied what the others have, but for a few entries on their way. */
export function allCaughtUp(look: ClusterLook): Finding {
  const all = answering(look);
  const newest = all.reduce((highest, { status }) => (status.raftAppliedIndex > highest ? status.raftAppliedIndex : highest), 0n);
  return allOf(
    all.map(({ member, status }) =>
      that(
        newest - status.raftAppliedIndex <= caughtUpWithin,
        `${member} still catches up: it has applied ${status.raftAppliedIndex} of ${newest} entries.`,
      ),
    ),
  );
}

/** No member is suspected to hold wrong data. Alarms that cannot be read count as one. */
export function noneCorrupt(look: ClusterLook): Finding {
  if (look.alarms === undefined) return fails('The alarms could not be read.');
  const corrupt = look.alarms.filter(({ type }) => type === 'CORRUPT').map(({ memberId }) => nameOf(look, memberId));
  return corrupt.length === 0 ? holds() : fails(`The alarm CORRUPT is raised for ${list(corrupt)}.`);
}

/** Throws when the votes do not hold, with what to do instead; for `prepare`, where nothing has been changed yet. */
export function demandQuorum({ quorum }: ClusterLook, { cluster }: Pick<World, 'cluster'>): void {
  if (quorum.holds) return;
  throw new OpsError('ETCD_NO_QUORUM', `${cluster.name} has no quorum. ${quorum.sentence}`, {
    hint: `First bring it back: \`start ${cluster.name}\` when the data is intact, else \`recover-quorum ${cluster.name}\`; \`status ${cluster.name}\` says which.`,
  });
}

/** Throws when a member does not answer, with what to do about it; for `prepare`. */
export function demandAll(look: ClusterLook, { cluster }: Pick<World, 'cluster'>, why: string): void {
  const silent = look.endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [endpoint]));
  if (silent.length === 0) return;
  const names = silent.map(({ member }) => member);
  throw new OpsError(
    'ETCD_UNREACHABLE',
    `${silent.map(({ member, reason }) => `${member} does not answer (${reason})`).join('; ')}. ${why}`,
    {
      hint: `First \`start ${cluster.name} ${names[0]}\`, or \`replace-member ${cluster.name} ${names[0]}\` when its data is gone.`,
    },
  );
}

/** Throws while a member is suspected to be corrupt; for `prepare`. */
export function demandNoneCorrupt(look: ClusterLook, { cluster }: Pick<World, 'cluster'>, why: string): void {
  const finding = noneCorrupt(look);
  if (finding.holds) return;
  throw new OpsError('GUARD_REFUSED', `${finding.because} ${why}`, {
    hint: `Find the member whose hash differs (\`etcdctl endpoint hashkv\`), and \`replace-member ${cluster.name}\` it.`,
  });
}
