/** What is left of a cluster that has lost its quorum: which members answer, which hosts do, and which data-dirs are whole. */
import { isOpsError } from '../../errors.ts';
import type { ClusterLook, EndpointLook } from '../../etcd/etcd.ts';
import type { Host, RestoredFacts } from '../../host/host.ts';
import type { MemberName } from '../../ids.ts';
import { plural } from '../../engine/words.ts';
import { isPatienceDue, lookPatiently } from '../running/patience.ts';
import type { ConfiguredMember, HighestRevision, World } from '../world.ts';

/** What was seen of one host and its data-dir. */
export type Sight =
  /** Does not answer over ssh: nothing is known of what runs there. */
  | { readonly kind: 'silent'; readonly because: string }
  /** Answers, but cannot be worked with (host key, what its owner allows …). */
  | { readonly kind: 'unusable'; readonly because: string }
  /** Etcd runs, whether or not it serves. */
  | { readonly kind: 'running'; readonly unit: string; readonly hasData: boolean; readonly dataDir: string }
  | { readonly kind: 'lost'; readonly dataDir: string }
  /** There is data, but etcd's tool cannot read it. */
  | { readonly kind: 'unreadable'; readonly because: string }
  /** Etcd is stopped, and its tool reads this in the database. */
  | { readonly kind: 'intact'; readonly database: RestoredFacts };

/** One member with all that was seen of it. */
export interface MemberSight {
  readonly host: Host;
  readonly member: ConfiguredMember;
  readonly endpoint: EndpointLook;
  readonly sight: Sight;
}

/** Everything that the ways back rest on. */
export interface Survey {
  readonly look: ClusterLook;
  readonly members: readonly MemberSight[];
  readonly highest: HighestRevision | undefined;
}

type SurveyWorld = Pick<World, 'etcd' | 'hosts' | 'cluster' | 'ledger' | 'clock'>;

/** Looks at everything at the same time; never throws for a host that does not answer. */
export async function survey(world: SurveyWorld): Promise<Survey> {
  const { etcd, hosts, cluster, ledger } = world;
  const [first, sights] = await Promise.all([etcd.look(), Promise.all(hosts.map(sightOf))]);
  const running = hosts.flatMap(({ member }, index) => (sights[index]?.kind === 'running' && sights[index].hasData ? [member] : []));
  const look = isPatienceDue(first, running) ? await lookPatiently(world, running) : first;
  if (look.revision !== undefined) await ledger.observe(look.revision);
  const members = hosts.flatMap((host, index) => {
    const endpoint = look.endpoints.find(({ member }) => member === host.member);
    const member = cluster.members.find(({ name }) => name === host.member);
    const sight = sights[index];
    return endpoint === undefined || member === undefined || sight === undefined ? [] : [{ host, member, endpoint, sight }];
  });
  return { look, members, highest: await ledger.highest() };
}

async function sightOf(host: Host): Promise<Sight> {
  const answer = await asked(async () => {
    const [unit, dir] = await Promise.all([host.unit(), host.dir('data')]);
    return { unit, hasData: dir.exists && !dir.empty, dataDir: dir.path };
  });
  if ('kind' in answer) return answer;
  const { unit, hasData, dataDir } = answer;
  if (unit.mainPid !== 0 || !['inactive', 'failed'].includes(unit.activeState))
    return { kind: 'running', unit: unit.activeState, hasData, dataDir };
  return hasData ? databaseOf(host, dataDir) : { kind: 'lost', dataDir };
}

/** Only of a stopped member: a running one has its database locked. */
async function databaseOf(host: Host, dataDir: string): Promise<Sight> {
  try {
    const database = await host.restored('data');
    return database === undefined ? { kind: 'lost', dataDir } : { kind: 'intact', database };
  } catch (error) {
    if (isOpsError(error)) return { kind: 'unreadable', because: sentenceOf(error.message) };
    throw error;
  }
}

async function asked<Answer extends object>(ask: () => Promise<Answer>): Promise<Answer | (Sight & { kind: 'silent' | 'unusable' })> {
  try {
    return await ask();
  } catch (error) {
    if (!isOpsError(error)) throw error;
    const kind = isOpsError(error, 'HOST_UNREACHABLE', 'HOST_COMMAND_TIMEOUT') ? 'silent' : 'unusable';
    return { kind, because: sentenceOf(error.message) };
  }
}

/** Whether a host does not answer over ssh now; the reason when it does not. */
export async function silenceOf(host: Host): Promise<string | undefined> {
  const answer = await asked(() => host.unit());
  return 'kind' in answer && answer.kind === 'silent' ? answer.because : undefined;
}

function sentenceOf(message: string): string {
  return message.replace(/\.$/, '');
}

/** One line for each member, for the thread. */
export function sightInWords({ host, endpoint, sight }: MemberSight): string {
  const { member } = host;
  if (endpoint.answers) {
    const { revision, raftTerm, raftAppliedIndex, version } = endpoint.status;
    const reachable = sight.kind === 'silent' || sight.kind === 'unusable' ? ` Its host cannot be worked with: ${sight.because}.` : '';
    return `${member} answers: etcd ${version}, revision ${revision}, raft term ${raftTerm}, applied index ${raftAppliedIndex}.${reachable}`;
  }
  const silent = `${member} does not answer (${endpoint.reason}).`;
  switch (sight.kind) {
    case 'silent':
      return `${silent} Neither does its host: ${sight.because}.`;
    case 'unusable':
      return `${silent} Its host answers, but cannot be worked with: ${sight.because}.`;
    case 'running':
      return `${silent} Its etcd runs (${sight.unit})${sight.hasData ? '' : `, but ${sight.dataDir} is missing or empty`}.`;
    case 'lost':
      return `${silent} Its etcd is stopped, and ${sight.dataDir} is missing or empty.`;
    case 'unreadable':
      return `${silent} Its etcd is stopped, and its database cannot be read: ${sight.because}.`;
    case 'intact':
      return `${silent} Its etcd is stopped, and its data-dir is whole: revision ${sight.database.revision}, ${plural(sight.database.totalKeys, 'key')}.`;
    default:
      return sight satisfies never;
  }
}

/** The names of members. */
export function namesOf(members: readonly Pick<MemberSight, 'host'>[]): readonly MemberName[] {
  return members.map(({ host }) => host.member);
}
