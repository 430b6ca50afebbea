/** Looks at every configured endpoint at the same time, within two seconds, with or without a quorum. */
import type { Clock } from '../engine/ports.ts';
import { allowingForStall, within } from '../engine/within.ts';
import type { Endpoint } from './endpoint.ts';
import type { ClusterLook, EndpointLook, EndpointStatus, MemberRow } from './etcd.ts';
import { explain } from './failure.ts';
import { inWords } from './in-words.ts';
import type { Unanswered } from './probe.ts';
import { quorumOf } from './quorum.ts';
import { alarmsOf, membersOf, statusOf } from './status.ts';

/** The whole look takes no longer than this, as long as this process itself gets to run. */
export const lookLimitMs = 2_000;

/** What was seen at one endpoint. */
export interface Seen {
  readonly look: EndpointLook;
  /** As this member knows them; undefined when it did not say. */
  readonly members: readonly MemberRow[] | undefined;
}

/** What a look needs. */
export interface LookDeps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}

/** Reads status and member list of every endpoint; never throws for one that does not answer. */
export async function look({ endpoints, clock }: LookDeps): Promise<ClusterLook> {
  return together(await Promise.all(endpoints.map((endpoint) => lookAt(endpoint, clock))));
}

/** Puts what was seen at every endpoint together, in the order of the configuration. */
export function together(seen: readonly Seen[]): ClusterLook {
  const looks = seen.map((one) => one.look);
  const best = mostAdvanced(seen);
  const statuses = looks.flatMap((one) => (one.answers ? [one.status] : []));
  return {
    endpoints: looks,
    members: best?.members,
    alarms: best === undefined ? undefined : alarmsOf(best.status),
    quorum: quorumOf(looks, best?.members),
    revision: statuses.reduce<bigint | undefined>(
      (highest, { revision }) => (highest === undefined || revision > highest ? revision : highest),
      undefined,
    ),
  };
}

/** Looks at one endpoint: its status and the members it knows of. Never throws. */
export async function lookAt(endpoint: Endpoint, clock: Clock): Promise<Seen> {
  const late: Unanswered = { code: 'timeout', reason: `no answer within ${inWords(lookLimitMs)}` };
  return await within(clock, lookLimitMs, ask(endpoint, clock), () => silent(endpoint, late));
}

async function ask(endpoint: Endpoint, clock: Clock): Promise<Seen> {
  const began = clock.now().getTime();
  const leftMs = () => lookLimitMs - (clock.now().getTime() - began);
  try {
    return await read(endpoint, allowingForStall(lookLimitMs));
  } catch (error) {
    const because = await explain(error, endpoint, lookLimitMs, leftMs());
    if (because !== undefined) return silent(endpoint, because);
  }
  // The kept connection was dead (the host has been off and is back), a new one works.
  try {
    return await read(endpoint, allowingForStall(leftMs()));
  } catch (error) {
    return silent(
      endpoint,
      (await explain(error, endpoint, lookLimitMs, leftMs())) ?? { code: 'other', reason: 'the connection breaks again and again' },
    );
  }
}

async function read(endpoint: Endpoint, limitMs: number): Promise<Seen> {
  const [status, members] = await Promise.all([readStatus(endpoint, limitMs), readMembers(endpoint, limitMs)]);
  return { look: { member: endpoint.member, endpoint: endpoint.url, answers: true, status }, members };
}

/** The status of one endpoint. @throws what etcd3 throws, untranslated */
export async function readStatus(endpoint: Endpoint, limitMs: number): Promise<EndpointStatus> {
  return statusOf(await endpoint.call(limitMs, (client, options) => client.maintenance.status(options)));
}

/** Not linearizable, or it would fail without a quorum from 3.5 on; 3.4 does not know the word and always answers from its own store. */
async function readMembers(endpoint: Endpoint, limitMs: number): Promise<readonly MemberRow[] | undefined> {
  try {
    return membersOf(await endpoint.call(limitMs, (client, options) => client.cluster.memberList({ linearizable: false }, options)));
  } catch {
    // Without the rights (3.4.42, 3.5.28 and later ask for a user) or in time: the look says so with `undefined`.
    return undefined;
  }
}

function silent(endpoint: Endpoint, because: Unanswered): Seen {
  return { look: { member: endpoint.member, endpoint: endpoint.url, answers: false, ...because }, members: undefined };
}

/**
 * The answering endpoint that knows most: of the cluster that most endpoints belong to, one with a member list, which has applied
 * most. A member that was cut off before a removal still lists whom it knew.
 */
function mostAdvanced(
  seen: readonly Seen[],
): { readonly status: EndpointStatus; readonly members: readonly MemberRow[] | undefined } | undefined {
  const answering = seen.flatMap(({ look: one, members }) => (one.answers ? [{ status: one.status, members }] : []));
  const inCluster = (id: string) => answering.filter(({ status }) => status.clusterId === id).length;
  return answering.toSorted(
    (a, b) =>
      inCluster(b.status.clusterId) - inCluster(a.status.clusterId) ||
      Number(b.members !== undefined) - Number(a.members !== undefined) ||
      Number(b.status.raftAppliedIndex - a.status.raftAppliedIndex),
  )[0];
}
