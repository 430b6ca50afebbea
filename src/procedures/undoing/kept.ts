/** What lies on the hosts of what an earlier run moved aside: told by the identity of each directory, so that nothing else is taken for it. */
import { isOpsError } from '../../errors.ts';
import type { DirFacts, Host } from '../../host/host.ts';
import type { MemberName, RunId } from '../../ids.ts';
import { isSameDirectory } from '../restoring/data-dir-fact.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';
import type { Replaced } from './prepared.ts';

/** How one host stands between the run and its undoing. */
export type Standing =
  /** The data of before is aside, and etcd's tool can read it; without a revision where it was not asked. */
  | { readonly kind: 'kept'; readonly revision?: bigint }
  /** There was none before: an empty directory stands in for it. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable'; readonly because: string }
  /** It is in place, and was not put there by this undo: that run, or an undo of it, was cut before it came to this host. */
  | { readonly kind: 'in-place'; readonly hasData: boolean }
  /** This undo has put it back. */
  | { readonly kind: 'returned' }
  /** Something else lies there than that run has left. */
  | { readonly kind: 'wrong'; readonly because: string };

/** A host with what lies there. */
export interface KeptOn {
  readonly host: Host;
  readonly standing: Standing;
  readonly present: DirFacts;
  readonly kept: DirFacts;
}

interface About {
  readonly run: RunId;
  readonly replaced: readonly Replaced[];
}

/**
 * Looks at every host of the world that took part.
 * @param reading `content` has etcd's tool read each kept database, which takes its time; `names` looks at the directories alone
 * @throws HOST_* when a host cannot be asked
 */
export async function lookAtKept(
  { run, replaced }: About,
  { hosts, runId }: Pick<World, 'hosts' | 'runId'>,
  reading: 'content' | 'names',
): Promise<readonly KeptOn[]> {
  const looks = hosts.map(async (host): Promise<KeptOn[]> => {
    const was = replaced.find(({ member }) => member === host.member);
    return was === undefined ? [] : [await lookAt(host, was, { run, undo: runId, reading })];
  });
  return (await Promise.all(looks)).flat();
}

async function lookAt(
  host: Host,
  was: Replaced,
  { run, undo, reading }: { readonly run: RunId; readonly undo: RunId; readonly reading: 'content' | 'names' },
): Promise<KeptOn> {
  const [present, kept, aside] = await Promise.all([
    host.dir('data'),
    host.dir({ run, what: 'aside' }),
    host.dir({ run: undo, what: 'aside' }),
  ]);
  const by = byNames({ host, was, run }, { present, kept, aside });
  return { host, present, kept, standing: by ?? (reading === 'content' ? await byContent(host, run, kept) : { kind: 'kept' }) };
}

interface Places {
  readonly present: DirFacts;
  readonly kept: DirFacts;
  readonly aside: DirFacts;
}

/** What the names and identities say; undefined when the kept directory is the right one and its content decides. */
function byNames(
  { host: { member }, was, run }: { readonly host: Host; readonly was: Replaced; readonly run: RunId },
  { present, kept, aside }: Places,
): Standing | undefined {
  if (!kept.exists) {
    const isBefore = present.exists && (was.before === null ? aside.exists : isSameDirectory(present.identity, was.before));
    if (isBefore && aside.exists) return { kind: 'returned' };
    if (isBefore) return { kind: 'in-place', hasData: !present.empty };
    return wrong(`${kept.path} is not on ${member} any more: it was deleted, or moved by somebody.`);
  }
  if (aside.exists && present.exists) return wrong(`${present.path} on ${member} was made by something after it had been moved aside.`);
  if (!aside.exists && present.exists && (was.after === null || !isSameDirectory(present.identity, was.after))) {
    return wrong(
      `${present.path} on ${member} is not what ${run} has put there: something has replaced it since. What came last is undone first: \`runs\` lists it.`,
    );
  }
  const isOurs = was.before === null ? kept.empty : isSameDirectory(kept.identity, was.before);
  if (!isOurs) return wrong(`${kept.path} on ${member} is not the directory that ${run} moved aside.`);
  return kept.empty ? { kind: 'empty' } : undefined;
}

function wrong(because: string): Standing {
  return { kind: 'wrong', because };
}

async function byContent(host: Host, run: RunId, { path }: DirFacts): Promise<Standing> {
  try {
    const database = await host.restored({ run, what: 'aside' });
    return database === undefined
      ? wrong(`${path} on ${host.member} went away while it was looked at.`)
      : { kind: 'kept', revision: database.revision };
  } catch (error) {
    if (isOpsError(error)) return { kind: 'unreadable', because: error.message.replace(/\.$/, '') };
    throw error;
  }
}

/** Whether a member comes back with data of its own. */
export function hasOldData({ standing }: KeptOn): boolean {
  return standing.kind === 'kept' || (standing.kind === 'in-place' && standing.hasData);
}

/** Everything that lies otherwise than that run has left it. */
export function wrongs(found: readonly KeptOn[]): readonly string[] {
  return found.flatMap(({ standing }) => (standing.kind === 'wrong' ? [standing.because] : []));
}

/** The highest revision in what is kept. Its write-ahead log may hold more. */
export function keptRevisionOf(found: readonly KeptOn[]): bigint {
  return found.reduce(
    (highest, { standing }) => (standing.kind === 'kept' && (standing.revision ?? 0n) > highest ? (standing.revision ?? 0n) : highest),
    0n,
  );
}

/** One line for each host, for the thread. */
export function standingInWords({ host: { member }, present, kept, standing }: KeptOn): string {
  switch (standing.kind) {
    case 'kept':
      return `${member}: its data of before is kept whole, revision ${standing.revision} (${kept.path}).`;
    case 'empty':
      return `${member} had no data before either (${kept.path} is empty).`;
    case 'unreadable':
      return `${member}: what is kept cannot be read: ${standing.because}.`;
    case 'in-place':
      return `${member}: ${standing.hasData ? 'its data of before never moved, or is back already' : 'had no data before, and its data-dir never moved'} (${present.path}).`;
    case 'returned':
      return `${member}: its data of before is back in ${present.path}.`;
    case 'wrong':
      return standing.because;
    default:
      return standing satisfies never;
  }
}

/** `etcd01:/data/etcd/data.restore-prod-7f3a9c.old and …` */
export function pathsInWords(found: readonly Pick<KeptOn, 'host' | 'kept'>[], below = ''): string {
  return list(found.map(({ host, kept }) => `${host.member}:${kept.path}${below}`));
}

/** The names of members. */
export function membersOf(found: readonly Pick<KeptOn, 'host'>[]): MemberName[] {
  return found.map(({ host }) => host.member);
}
