/** The ways back to a quorum, the one that loses least first: what each does, what it loses, and about how long it takes. */
import { z } from 'zod';
import type { Option } from '../../engine/step.ts';
import { isOpsError } from '../../errors.ts';
import type { SnapshotRecord } from '../../snapshots/snapshots.ts';
import { hazardsOf } from '../judging/hazards.ts';
import { copyRemark, lossInWords } from './loss.ts';
import { newestChecked } from './restore-choice.ts';
import type { Choice } from './restore-choice.ts';
import { namesOf } from './survey.ts';
import type { MemberSight, Survey } from './survey.ts';
import { newestSurvivor } from './survivors.ts';
import type { Candidate } from './survivors.ts';
import { durationInWords, instantInWords, list } from '../../engine/words.ts';
import type { HighestRevision, World } from '../world.ts';

/** A way back, by the word that names it on the command line and in the journal. */
export const Way = z.enum(['start', 'survivor', 'snapshot']);
export type Way = z.infer<typeof Way>;

/** All that is known of the ways when a run begins. */
export interface WaysBack {
  /** Possible ones first. Every detail stays true while people think: no ages, no countdowns. */
  readonly options: readonly (Option & { readonly id: Way })[];
  readonly startable: readonly MemberSight[];
  /** Run or answer already, and will be members again when the others are started. */
  readonly waiting: readonly MemberSight[];
  readonly survivor: Candidate | undefined;
  readonly snapshot: SnapshotRecord | undefined;
  /** What was not taken for the newest snapshot, each with why. */
  readonly passedOver: readonly string[];
  readonly loses: { readonly survivor: string; readonly snapshot: string };
  /** The highest revision that was seen anywhere, also in a stopped member's database. */
  readonly highest: HighestRevision | undefined;
}

/** What starting takes: an election, and a little. */
const startMs = 15_000;
/** What rebuilding takes beside moving the data: looks, stops, renames, an election. */
const rebuildMs = 30_000;
/** The data is read or written about this often, one after the other: saved, checked, handed out, restored, checked. */
const passes = 5;
const bytesPerMs = 50_000;

function aboutFor(bytes: number): string {
  return `about ${durationInWords(rebuildMs + (passes * bytes) / bytesPerMs)}, beside the time that approving takes`;
}

/** Ranks the ways. */
export async function waysBack(seen: Survey, world: World): Promise<WaysBack> {
  const survivor = newestSurvivor(seen);
  const highest = highestOf(seen, survivor, world);
  const [choice, noSnapshot] = await newest(world);
  const snapshot = choice?.file;
  const startable = seen.members.filter(({ sight, endpoint }) => sight.kind === 'intact' && !endpoint.answers);
  const waiting = seen.members.filter(({ sight, endpoint }) => endpoint.answers || (sight.kind === 'running' && sight.hasData));
  const loses = {
    survivor: survivor === undefined ? '' : survivorLoss(survivor, highest),
    snapshot: snapshot === undefined ? '' : lossInWords({ snapshot, highest }),
  };
  const hindered = hindrance(seen);
  const found = { startable, waiting, survivor, snapshot, passedOver: choice?.passedOver ?? [], loses, highest };
  const rebuilds = [survivorOption(found, { seen, hindered, world }), snapshotOption(found, { noSnapshot, hindered, seen })];
  if ((snapshot?.revision ?? 0n) > (survivor?.revision ?? 0n)) rebuilds.reverse();
  const options = [startOption(found, seen), ...rebuilds];
  return { ...found, options: options.toSorted((a, b) => Number(b.possible) - Number(a.possible)) };
}

async function newest(world: World): Promise<readonly [Choice<SnapshotRecord> | undefined, string]> {
  try {
    return [await newestChecked(world), ''];
  } catch (error) {
    if (isOpsError(error)) return [undefined, `${error.message} ${error.hint}`];
    throw error;
  }
}

/** A stopped member may know of writes that the ledger has not seen. */
function highestOf({ highest }: Survey, survivor: Candidate | undefined, { clock }: World): HighestRevision | undefined {
  if (survivor === undefined || (highest !== undefined && highest.revision >= survivor.revision)) return highest;
  return { revision: survivor.revision, at: clock.now() };
}

function survivorLoss({ how, revision }: Candidate, highest: HighestRevision | undefined): string {
  const loss = lossInWords({ snapshot: { revision }, highest });
  return how === 'live' ? loss : `${loss}. ${copyRemark}`;
}

function startOption(
  { startable, waiting }: Pick<WaysBack, 'startable' | 'waiting'>,
  { look, members }: Survey,
): WaysBack['options'][number] {
  const { needed, voters } = look.quorum;
  const title = `Start etcd on ${list(namesOf(startable)) || 'the stopped members'}`;
  const base = { id: 'start', title } as const;
  const others = members.filter((each) => !startable.includes(each) && !waiting.includes(each));
  if (startable.length + waiting.length < needed) {
    const why = others.map(({ host, sight }) => `${host.member}: ${absence[sight.kind]}`).join('; ');
    return {
      ...base,
      possible: false,
      detail: `${startable.length + waiting.length} of ${voters} members would have their data, and ${needed} are needed (${why}).`,
    };
  }
  if (startable.length === 0) {
    return {
      ...base,
      possible: false,
      detail: `Etcd runs on ${list(namesOf(waiting))}, so there is nothing to start: look at the network between them, at their certificates and clocks, and at \`journalctl -u etcd\` there.`,
    };
  }
  const revisions = startable.map(({ sight }) => (sight.kind === 'intact' ? sight.database.revision : 0n));
  return {
    ...base,
    possible: true,
    detail: `The data is whole there (revision ${list(revisions.map(String))}). Nothing is lost. About ${durationInWords(startMs)}.`,
  };
}

const absence: Readonly<Record<MemberSight['sight']['kind'], string>> = {
  silent: 'its host does not answer',
  unusable: 'its host cannot be worked with',
  running: 'etcd runs without data',
  lost: 'its data is gone',
  unreadable: 'its data cannot be read',
  intact: 'its data is whole',
};

/** What forbids any rebuild: a member that runs and cannot be stopped would split the cluster. */
function hindrance({ members }: Survey): string | undefined {
  const wrong = members.flatMap(({ host, endpoint, sight }) => {
    if (sight.kind === 'unusable') return [`The host of ${host.member} answers, but cannot be worked with: ${sight.because}.`];
    if (sight.kind === 'silent' && endpoint.answers)
      return [`${host.member} answers as etcd, but not over ssh (${sight.because}): it could not be stopped.`];
    return [];
  });
  if (members.every(({ sight }) => sight.kind === 'silent')) wrong.push('No host answers over ssh.');
  return wrong.length === 0 ? undefined : `${wrong.join(' ')} Correct that first.`;
}

function without({ members }: Survey): string {
  const silent = namesOf(members.filter(({ sight }) => sight.kind === 'silent'));
  return silent.length === 0
    ? ''
    : ` The new cluster is made without ${list(silent)}, which must be attested to be off, and can be brought in afterwards with \`replace-member\`.`;
}

function survivorOption(
  { survivor, loses }: Pick<WaysBack, 'survivor' | 'loses'>,
  { seen, hindered, world }: { readonly seen: Survey; readonly hindered: string | undefined; readonly world: World },
): WaysBack['options'][number] {
  if (survivor === undefined) return { id: 'survivor', title: 'Rebuild from a survivor', possible: false, detail: noSurvivor(seen, world) };
  const { how, revision, bytes } = survivor;
  const { member } = survivor.seen.host;
  const title =
    how === 'live'
      ? `Rebuild all members from a snapshot of ${member}, which still answers`
      : `Rebuild all members from a copy of the database of ${member}, which is stopped`;
  if (hindered !== undefined) return { id: 'survivor', title, possible: false, detail: hindered };
  return {
    id: 'survivor',
    title,
    possible: true,
    detail: `Revision ${revision}. Loses ${loses.survivor}. ${doubts(survivor, seen)}Takes ${aboutFor(bytes)}.${without(seen)}`,
  };
}

function noSurvivor({ members }: Survey, { cluster }: World): string {
  const deaf = namesOf(members.filter(({ sight }) => sight.kind === 'running' && sight.hasData));
  return deaf.length === 0
    ? 'No member answers, and none that is stopped has a database that can be read.'
    : `No member answers. Etcd runs on ${list(deaf)} without serving, so the database is in use: ${list(deaf.map((member) => `\`stop ${cluster.name} ${member}\``))} sets it free, then ask again.`;
}

/** What speaks against trusting the survivor, if anything does. */
function doubts({ how, revision, seen: { endpoint } }: Candidate, { highest }: Survey): string {
  const version = endpoint.answers ? endpoint.status.version : undefined;
  const hazards = version === undefined ? [] : hazardsOf(version, 'trust-survivor');
  const words = hazards.map(({ because, source }) => `etcd ${version}: ${because}; compare its data before you trust it (${source}).`);
  if (how === 'copy' && highest !== undefined && revision > highest.revision)
    words.push(
      `No revision above ${highest.revision} was ever seen of this cluster: if that member took no part in the last restore, its data is of an earlier cluster.`,
    );
  return words.map((sentence) => `${sentence} `).join('');
}

function snapshotOption(
  { snapshot, passedOver, loses }: Pick<WaysBack, 'snapshot' | 'passedOver' | 'loses'>,
  { noSnapshot, hindered, seen }: { readonly noSnapshot: string; readonly hindered: string | undefined; readonly seen: Survey },
): WaysBack['options'][number] {
  if (snapshot === undefined) return { id: 'snapshot', title: 'Restore from a backup', possible: false, detail: noSnapshot };
  const title = `Restore all members from the newest checked backup, ${snapshot.id}`;
  if (hindered !== undefined) return { id: 'snapshot', title, possible: false, detail: hindered };
  return {
    id: 'snapshot',
    title,
    possible: true,
    detail: `Revision ${snapshot.revision}, taken ${instantInWords(snapshot.takenAt)}. Loses ${loses.snapshot}. Takes ${aboutFor(snapshot.bytes)}.${without(seen)}${passedOver.map((one) => ` Not taken for the newest: ${one}.`).join('')}`,
  };
}
