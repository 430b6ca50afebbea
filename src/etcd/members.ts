/** Members of a cluster: added as learners, promoted, removed, given other peer URLs. All is asked of the leader, and is no harm when it is so already. */
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { OpsError } from '../errors.ts';
import { MemberName } from '../ids.ts';
import type { MemberId } from '../ids.ts';
import { askLeader } from './ask.ts';
import type { AskDeps, Question } from './ask.ts';
import type { Act, EtcdCommands } from './commands.ts';
import type { MemberRow } from './etcd.ts';
import { orRefusal } from './grpc-error.ts';
import type { Refusal } from './grpc-error.ts';
import { listMembers, silentVoters, whyRefused } from './member-refusals.ts';
import { look } from './look.ts';
import { decimalOf, memberOf } from './status.ts';

/** etcd itself gives a change of members 7 s (`ReqTimeout`). */
const limitMs = 10_000;
/**
 * A member that came back is trusted by the others after 5 s (`HealthInterval`), and until then every change of members is refused.
 * @see https://github.com/etcd-io/etcd/blob/v3.4.23/etcdserver/server.go
 */
const settleLimitMs = 15_000;
const betweenAttemptsMs = 1_000;

const whenUnknown = 'It may have taken effect all the same: `status` lists the members. Retry is safe.';

/** What changing members needs. */
export interface MembersDeps extends AskDeps {
  readonly commands: EtcdCommands;
  readonly act: Act;
  /** All members of the configuration, also those that are not asked. */
  readonly configured: readonly { readonly name: MemberName; readonly clientUrl: string }[];
}

/** Adds a learner, or gives the member that has one of these peer URLs. @throws OpsError ETCD_*, with etcd's reason for refusing */
export async function addLearner(deps: MembersDeps, peerUrls: readonly string[]): Promise<MemberRow> {
  const before = await rowWith(deps, peerUrls);
  if (before !== undefined) return before;
  const what = `adding of a learner at ${peerUrls.join(', ')}`;
  const added = await deps.act({
    command: deps.commands.addLearner(nameAt(deps, peerUrls), peerUrls),
    output: (row) => (row === undefined ? 'It is a member already.' : `Member ${row.memberId} added to cluster as a learner`),
    work: async () =>
      await settled(deps, {
        what,
        limitMs,
        changes: true,
        whenUnknown,
        request: (client, options) => orRefusal(client.cluster.memberAdd({ peerURLs: [...peerUrls], isLearner: true }, options)),
        good: ({ member }) => memberOf(member),
        alright: { 'peer-url-taken': undefined },
      }),
  });
  const row = added ?? (await rowWith(deps, peerUrls));
  if (row !== undefined) return row;
  throw new OpsError(
    'ETCD_REQUEST_FAILED',
    `etcd says that a member with one of the peer URLs ${peerUrls.join(', ')} is there, and does not list it.`,
  );
}

/** Makes a learner a voter. @returns a Finding that fails while it is not in sync @throws OpsError ETCD_*, with etcd's reason for refusing */
export async function promote(deps: MembersDeps, id: MemberId): Promise<Finding> {
  const row = (await listMembers(deps)).find(({ memberId }) => memberId === id);
  if (row === undefined) return fails(`${id} is no member of the cluster.`);
  if (!row.isLearner) return holds(`${nameOf(row)} is a voter.`);
  const outcome = await deps.act({
    command: deps.commands.promote(id),
    output: () => `Member ${id} promoted`,
    // Asked again and again until the learner has caught up: only the last one is news.
    worthNoting: (result) => result === 'promoted',
    work: async () =>
      await settled<unknown, 'promoted' | 'not-in-sync' | 'gone'>(deps, {
        what: `promotion of ${nameOf(row)}`,
        limitMs,
        changes: true,
        whenUnknown,
        request: (client, options) => orRefusal(client.cluster.memberPromote({ ID: decimalOf(id) }, options)),
        good: () => 'promoted',
        alright: { 'not-in-sync': 'not-in-sync', 'not-a-learner': 'promoted', 'no-such-member': 'gone' },
      }),
  });
  if (outcome === 'gone') return fails(`${id} is no member of the cluster.`);
  return outcome === 'promoted' ? holds(`${nameOf(row)} is a voter.`) : fails(`${nameOf(row)} is not in sync with the leader yet.`);
}

/** Removes a member for good; no harm when it is gone. @throws OpsError ETCD_*, with etcd's reason for refusing */
export async function removeMember(deps: MembersDeps, id: MemberId): Promise<void> {
  if ((await listMembers(deps)).every(({ memberId }) => memberId !== id)) return;
  await deps.act({
    command: deps.commands.removeMember(id),
    output: () => `Member ${id} removed from cluster`,
    work: async () =>
      await settled<unknown, void>(deps, {
        what: `removal of member ${id}`,
        limitMs,
        changes: true,
        whenUnknown,
        request: (client, options) => orRefusal(client.cluster.memberRemove({ ID: decimalOf(id) }, options)),
        good: () => undefined,
        alright: { 'no-such-member': undefined },
        without: id,
      }),
  });
}

/** Gives a member other peer URLs; no harm when it has them. @throws OpsError ETCD_*; INPUT_INVALID when there is no such member */
export async function updatePeerUrls(deps: MembersDeps, id: MemberId, peerUrls: readonly string[]): Promise<void> {
  const row = (await listMembers(deps)).find(({ memberId }) => memberId === id);
  if (row === undefined) throw new OpsError('INPUT_INVALID', `${id} is no member of the cluster.`, { hint: '`status` lists the members.' });
  if (sameUrls(row.peerUrls, peerUrls)) return;
  await deps.act({
    command: deps.commands.updatePeerUrls(id, peerUrls),
    output: () => `Member ${id} updated in cluster`,
    work: async () =>
      await settled<unknown, void>(deps, {
        what: `update of member ${id}`,
        limitMs,
        changes: true,
        whenUnknown,
        request: (client, options) => orRefusal(client.cluster.memberUpdate({ ID: decimalOf(id), peerURLs: [...peerUrls] }, options)),
        good: () => undefined,
        alright: {},
      }),
  });
}

interface Change<Response, Result> extends Question<{ readonly done: Response } | { readonly refused: Refusal }> {
  good(response: Response): Result;
  /** What etcd refuses because there is nothing left to do, and what that comes to. */
  readonly alright: Partial<Record<Refusal, Result>>;
  /** The member that may be silent, because it is to go. */
  readonly without?: MemberId;
}

/** Asks the leader; while it refuses only because a member has just come back, waits and asks again. */
async function settled<Response, Result>(deps: AskDeps, change: Change<Response, Result>): Promise<Result> {
  const began = deps.clock.now().getTime();
  for (;;) {
    const answer = await askLeader(deps, change);
    if ('done' in answer) return change.good(answer.done);
    if (answer.refused in change.alright) return change.alright[answer.refused] as Result;
    const seen = await look(deps);
    const lateMs = deps.clock.now().getTime() - began;
    const silent = silentVoters(seen, change.without);
    if (answer.refused !== 'unhealthy' || silent.length > 0 || lateMs >= settleLimitMs) {
      throw whyRefused(change.what, answer.refused, { seen, silent });
    }
    await deps.clock.sleep(betweenAttemptsMs);
  }
}

async function rowWith(deps: AskDeps, peerUrls: readonly string[]): Promise<MemberRow | undefined> {
  const wanted = new Set(peerUrls.map(origin));
  return (await listMembers(deps)).find((row) => row.peerUrls.some((url) => wanted.has(origin(url))));
}

/** The name a plan would give the learner: that of the configured member on the same host. etcd gets it only when the member starts. */
function nameAt({ configured }: MembersDeps, peerUrls: readonly string[]): MemberName {
  const hosts = new Set(peerUrls.map((url) => new URL(url).hostname));
  const found = configured.find(({ clientUrl }) => hosts.has(new URL(clientUrl).hostname));
  return found?.name ?? MemberName.parse('learner');
}

function nameOf({ name, memberId, peerUrls }: MemberRow): string {
  return name === '' ? `the learner ${memberId} at ${peerUrls.join(', ')}` : `${name} (${memberId})`;
}

function sameUrls(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some.map(origin)), new Set(others.map(origin))];
  return one.size === other.size && [...one].every((url) => other.has(url));
}

function origin(url: string): string {
  return new URL(url).origin;
}
