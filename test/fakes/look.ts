/** What a look at a cluster in memory gives. */
import type { ClusterLook, EndpointLook, Quorum } from '../../src/etcd/etcd.ts';
import { ClusterId } from '../../src/ids.ts';
import type { MemberId } from '../../src/ids.ts';
import { servedBy } from './machine.ts';
import type { Data, Machine, Site } from './machine.ts';
import { rowsOf } from './membership.ts';
import type { Membership } from './membership.ts';

/** Looks at these machines; the votes are those of all members. */
export function lookAt(site: Site, machines: readonly Machine[]): ClusterLook {
  const token = commonToken(site);
  const membership = token === undefined ? undefined : site.memberships.get(token);
  const voters = membership === undefined ? [] : [...membership.members.values()].filter(({ isLearner }) => !isLearner);
  const inCluster = machines.flatMap((machine) => {
    const data = servedBy(machine, site);
    return data?.token === token && data !== undefined ? [data] : [];
  });
  const answering = voters.filter(({ memberId }) => inCluster.some((data) => data.memberId === memberId));
  const everywhere = voters.filter(({ memberId }) => serves(site, memberId, token));
  const quorate = voters.length > 0 && everywhere.length >= needed(voters.length) && answering.length > 0;
  const leader = quorate
    ? leaderOf(
        membership,
        everywhere.map(({ memberId }) => memberId),
      )
    : undefined;
  const endpoints = machines.map((machine) => endpointOf(machine, site, leader));
  const revisions = endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.revision] : []));
  return {
    endpoints,
    members: membership === undefined ? undefined : rowsOf(membership),
    alarms: membership === undefined ? undefined : [...membership.alarms],
    quorum: quorumOf(membership === undefined ? site.machines.size : voters.length, answering.length, quorate),
    revision: revisions.length === 0 ? undefined : revisions.reduce((a, b) => (a > b ? a : b)),
  };
}

function needed(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function serves(site: Site, memberId: MemberId, token: string | undefined): boolean {
  return [...site.machines.values()].some((machine) => {
    const data = servedBy(machine, site);
    return data?.memberId === memberId && data.token === token;
  });
}

/** The cluster that most machines serve. */
function commonToken(site: Site): string | undefined {
  const tokens = [...site.machines.values()].flatMap((machine) => servedBy(machine, site)?.token ?? []);
  const times = (token: string) => tokens.filter((other) => other === token).length;
  return tokens.toSorted((a, b) => times(b) - times(a))[0];
}

function leaderOf(membership: Membership | undefined, serving: readonly MemberId[]): MemberId | undefined {
  return membership?.leader !== undefined && serving.includes(membership.leader) ? membership.leader : serving[0];
}

function quorumOf(voters: number, answering: number, quorate: boolean): Quorum {
  return {
    voters,
    answering,
    needed: needed(voters),
    holds: quorate,
    mayFail: quorate ? Math.max(0, answering - needed(voters)) : 0,
    sentence: `${answering} of ${voters} voters answer.`,
  };
}

function endpointOf(machine: Machine, site: Site, leader: MemberId | undefined): EndpointLook {
  const data = servedBy(machine, site);
  const base = { member: machine.member, endpoint: `https://${machine.address}:2379` };
  if (data === undefined) return { ...base, answers: false, reason: 'connection refused', code: 'refused' };
  return { ...base, answers: true, status: statusOf(data, machine, site, leader) };
}

function statusOf(data: Data, machine: Machine, site: Site, leader: MemberId | undefined) {
  const membership = site.memberships.get(data.token);
  return {
    memberId: data.memberId,
    clusterId: ClusterId.parse(`c${[...site.memberships.keys()].indexOf(data.token)}`),
    version: machine.toolVersion,
    dbSizeBytes: data.dbSizeBytes,
    dbSizeInUseBytes: data.dbSizeInUseBytes,
    leader,
    isLearner: membership?.members.get(data.memberId)?.isLearner ?? false,
    raftTerm: 2n,
    raftIndex: data.revision + 3n,
    raftAppliedIndex: data.revision + 3n,
    revision: data.revision,
    errors: [],
  };
}
