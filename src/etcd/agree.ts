/** Whether all configured members are one cluster with one state, and if not, in which way. */
import { allOf, fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { ClusterLook, EndpointLook, EndpointStatus, MemberHash } from './etcd.ts';

type Answering = Extract<EndpointLook, { answers: true }>;

/** All that one look shows: everyone answers, one cluster id, one leader among them, one raft term, no alarm. Every reason is given. */
export function looksAgree(look: ClusterLook): Finding {
  const answering = look.endpoints.filter((endpoint): endpoint is Answering => endpoint.answers);
  const silent = look.endpoints.flatMap((endpoint) =>
    endpoint.answers ? [] : [fails(`${endpoint.member} (${endpoint.endpoint}) does not answer: ${endpoint.reason}.`)],
  );
  return allOf([
    ...silent,
    oneOf(answering, 'cluster id', (status) => status.clusterId),
    oneOf(answering, 'raft term', (status) => status.raftTerm.toString()),
    oneLeader(answering),
    noAlarm(look),
  ]);
}

/** All hashes are the same, which were read at one revision. */
export function hashesAgree(hashes: readonly MemberHash[]): Finding {
  const groups = Map.groupBy(hashes, ({ hash }) => hash.toString(16));
  const [first] = hashes;
  if (first === undefined) return fails('No member gave its hash.');
  if (groups.size === 1)
    return holds(
      `${hashes.length === 1 ? 'The only member has' : `All ${hashes.length} members have`} hash ${first.hash.toString(16)} at revision ${first.revision}.`,
    );
  const stands = [...groups].map(
    ([hash, members]) => `${members.map(({ member }) => member).join(' and ')} ${members.length === 1 ? 'has' : 'have'} ${hash}`,
  );
  return fails(`The members hold different data at revision ${first.revision}: ${stands.join(', ')}.`);
}

function oneOf(answering: readonly Answering[], what: string, read: (status: EndpointStatus) => string): Finding {
  const groups = Map.groupBy(answering, ({ status }) => read(status));
  if (groups.size <= 1) return holds();
  const stands = [...groups].map(([value, members]) => `${members.map(({ member }) => member).join(' and ')} at ${value}`);
  return fails(`The members differ in their ${what}: ${stands.join(', ')}.`);
}

function oneLeader(answering: readonly Answering[]): Finding {
  const name = (id: string | undefined) => answering.find(({ status }) => status.memberId === id)?.member ?? id;
  const leaderless = answering.filter(({ status }) => status.leader === undefined);
  if (leaderless.length > 0)
    return fails(`${leaderless.map(({ member }) => member).join(' and ')} ${leaderless.length === 1 ? 'knows' : 'know'} no leader.`);
  const leaders = new Set(answering.map(({ status }) => status.leader));
  if (leaders.size > 1)
    return fails(
      `The members follow different leaders: ${answering.map(({ member, status }) => `${member} follows ${name(status.leader)}`).join(', ')}.`,
    );
  const [leader] = leaders;
  if (leader !== undefined && !answering.some(({ status }) => status.memberId === leader))
    return fails(`The leader ${leader} is none of the configured members that answer.`);
  return leader === undefined ? holds() : holds(`${name(leader)} leads.`);
}

function noAlarm(look: ClusterLook): Finding {
  if (look.alarms === undefined)
    return look.endpoints.some((endpoint) => endpoint.answers) ? fails('The alarms could not be read.') : holds();
  const name = (id: string) => look.endpoints.find((endpoint) => endpoint.answers && endpoint.status.memberId === id)?.member ?? id;
  return allOf(look.alarms.map(({ type, memberId }) => fails(`The alarm ${type} is raised for ${name(memberId)}.`)));
}
