/** What is settled when a recovery from lost quorum begins, and what follows from it: the offer, what is put back, and by whom. */
import { z } from 'zod';
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Offer } from '../../engine/step.ts';
import { OpsError, isOpsError } from '../../errors.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import { MemberName } from '../../ids.ts';
import { leftOutFacts, noneCameBack, worldOf } from './left-out.ts';
import { bumpOver } from './loss.ts';
import type { PutBack } from './put-back.ts';
import { initialClusterOf } from './restore-aside.ts';
import { ChosenFile, fileOf, fixed } from './restore-choice.ts';
import { namesOf, sightInWords, survey } from './survey.ts';
import { goneInWords } from './stored.ts';
import { Survivor, settleSurvivor, stillSurvives } from './survivors.ts';
import { Way, waysBack } from './ways-back.ts';
import type { WaysBack } from './ways-back.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

const Cost = z.object({ loses: z.string(), bumpRevisionBy: z.string().transform(BigInt) });

/** Settled once: what is shown, what may be chosen, and what each choice then means. */
export const Prepared = z.object({
  /** Named on the command line: then nobody is asked. */
  source: Way.nullable(),
  seen: z.array(z.string()),
  options: z.array(z.object({ id: Way, title: z.string(), detail: z.string(), possible: z.boolean() })),
  /** Those whose hosts answer. */
  participants: z.array(MemberName),
  leftOut: z.array(MemberName),
  startable: z.array(MemberName),
  /** Run already, and are members again when the others are started. */
  waiting: z.array(MemberName),
  survivor: Survivor.extend(Cost.shape).nullable(),
  snapshot: ChosenFile.extend(Cost.shape).nullable(),
  highest: z.string(),
  token: z.string(),
});
export type Prepared = z.infer<typeof Prepared>;

/** Looks at everything and settles it. @throws INPUT_INVALID where there is quorum or the named way is not possible, ETCD_NO_QUORUM where none is */
export async function settle(
  source: Way | undefined,
  world: World,
): Promise<{ readonly prepared: z.input<typeof Prepared>; readonly summary: string }> {
  const { cluster, runId } = world;
  const seen = await survey(world);
  refuseWithQuorum(seen.look, world);
  const ways = await waysBack(seen, world);
  const named = demandPossible(ways, source, world);
  const silent = seen.members.filter(({ sight }) => sight.kind === 'silent');
  const { survivor, snapshot, loses, highest } = ways;
  const costOf = (revision: bigint, loss: string) => ({ loses: loss, bumpRevisionBy: String(bumpOver(revision, highest)) });
  const prepared: z.input<typeof Prepared> = {
    source: source ?? null,
    seen: seen.members.map(sightInWords),
    options: [...ways.options],
    participants: [...namesOf(seen.members.filter((each) => !silent.includes(each)))],
    leftOut: [...namesOf(silent)],
    startable: [...namesOf(ways.startable)],
    waiting: [...namesOf(ways.waiting)],
    survivor:
      survivor === undefined || !isPossible(ways, 'survivor')
        ? null
        : { ...(await settleSurvivor(survivor, world)), ...costOf(survivor.revision, loses.survivor) },
    snapshot:
      snapshot === undefined
        ? null
        : { ...fixed({ file: snapshot, passedOver: ways.passedOver }), ...costOf(snapshot.revision, loses.snapshot) },
    highest: highest === undefined ? 'none was ever seen' : String(highest.revision),
    token: `${cluster.initialClusterToken}-${runId.slice(-6)}`,
  };
  return { prepared, summary: named ?? `${seen.look.quorum.sentence} Ways back: ${possibleTitles(ways)}` };
}

function isPossible({ options }: WaysBack, way: Way): boolean {
  return options.some(({ id, possible }) => id === way && possible);
}

function possibleTitles({ options }: WaysBack): string {
  return options.flatMap(({ id, possible }) => (possible ? [id] : [])).join(', ');
}

/** Rebuilding a cluster that has quorum would take away what it has. */
function refuseWithQuorum({ quorum }: ClusterLook, { cluster: { name } }: World): void {
  if (quorum.holds) {
    throw new OpsError('INPUT_INVALID', `${name} has quorum, so there is nothing to recover: ${quorum.sentence}`, {
      hint: `\`status ${name}\` says what is wrong. A stopped member is started with \`start ${name} <member>\`, one whose data is gone is replaced with \`replace-member ${name} <member>\`; an older state is put back with \`restore ${name} --while-healthy\`.`,
    });
  }
  if (quorum.answering < quorum.needed) return;
  throw new OpsError('INPUT_INVALID', `Enough members of ${name} answer, but they have no leader: ${quorum.sentence}`, {
    hint: 'Their data is there: look at the network between them, at their certificates and at their clocks, and wait for an election. If it cannot be had, `restore` puts a snapshot back.',
  });
}

/** Gives the title of the named way. */
function demandPossible(ways: WaysBack, source: Way | undefined, { cluster }: World): string | undefined {
  const named = ways.options.find(({ id }) => id === source);
  if (named !== undefined) {
    if (named.possible) return named.title;
    throw new OpsError('INPUT_INVALID', `${named.title}: that is not possible. ${named.detail}`, {
      hint: `What is possible: ${possibleTitles(ways) || 'nothing now'}.`,
    });
  }
  if (ways.options.some(({ possible }) => possible)) return undefined;
  throw new OpsError(
    'ETCD_NO_QUORUM',
    `There is no way back for ${cluster.name} now. ${ways.options.map(({ title, detail }) => `${title}: ${detail}`).join(' ')}`,
    { hint: 'Correct one of the causes, then start `recover-quorum` again: it looks anew.' },
  );
}

/** What was seen when the run began; fails when the cluster has its quorum back. */
export async function lookedAround({ seen, highest }: Prepared, world: World): Promise<Finding> {
  const { quorum } = await world.etcd.look();
  if (quorum.holds) return fails(`${world.cluster.name} has quorum again (${quorum.sentence}): abort this run.`);
  return holds([...seen, `The highest revision known of this cluster: ${highest}.`].join('\n'));
}

/** The ways, each only as long as the world is as it was when they were settled. */
export async function offerOf(prepared: Prepared, world: World): Promise<Offer> {
  const options = await Promise.all(
    prepared.options.map(async (option) => {
      if (!option.possible) return option;
      const still = await stillPossible(option.id, prepared, world);
      if (still.holds) return option;
      return { ...option, possible: false, detail: `${still.because} Abort this run and start again: it looks anew.` };
    }),
  );
  return {
    question: `How is ${world.cluster.name} to get its quorum back?`,
    facts: {
      'hosts that answer': list(prepared.participants) || 'none',
      'hosts that do not': list(prepared.leftOut) || 'none',
      'highest revision known': prepared.highest,
    },
    options,
  };
}

async function stillPossible(way: Way, prepared: Prepared, world: World): Promise<Finding> {
  try {
    const { quorum } = await world.etcd.look();
    if (quorum.holds) return fails(`${world.cluster.name} has quorum again.`);
    if (way === 'survivor' && prepared.survivor !== null) return await stillSurvives(prepared.survivor, world);
    if (way === 'snapshot' && prepared.snapshot !== null) await fileOf(world, prepared.snapshot);
    return holds();
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}

/** The members that starting brings back: those to start are the hosts, and all of them are asked. */
export function startingWorld({ startable, waiting }: Prepared, world: World): World {
  return { ...worldOf(world, startable), etcd: world.etcd.among([...startable, ...waiting]) };
}

/** What is put back on all hosts that take part. */
export function orderOf(way: 'survivor' | 'snapshot', prepared: Prepared, world: World): PutBack {
  const { survivor, snapshot, leftOut, participants, token } = prepared;
  const cost = way === 'survivor' ? survivor : snapshot;
  if (cost === null) throw new Error(`the way ${way} was not settled`);
  const { loses, bumpRevisionBy } = cost;
  return {
    source: () => (way === 'snapshot' && snapshot !== null ? fileOf(world, snapshot) : takenFromSurvivor(world)),
    loses,
    bumpRevisionBy,
    token,
    whileHealthy: false,
    ...(way === 'snapshot' && snapshot !== null && { passedOver: snapshot.passedOver }),
    ...(leftOut.length > 0 && {
      initialCluster: initialClusterOf(worldOf(world, participants).cluster.members),
      besides: { requires: () => noneCameBack(leftOut, world), facts: leftOutFacts(leftOut) },
    }),
  };
}

/** Found by the run's id, so that it is the same file after a crash. */
async function takenFromSurvivor({ snapshots, runId }: World) {
  const record = await snapshots.takenBy(runId);
  if (record !== undefined) return record;
  throw new OpsError('SNAPSHOT_NOT_FOUND', await goneInWords(snapshots, 'What this run saved of the survivor'));
}
