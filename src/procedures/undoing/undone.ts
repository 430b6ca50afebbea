/** An earlier run as far as undoing it needs it, read from its journal; or the reason why it cannot be undone. */
import { z } from 'zod';
import { gateCode } from '../../engine/gate-code.ts';
import type { EarlierRun } from '../../engine/recall.ts';
import type { ClusterSettings } from '../../host/host.ts';
import { ClusterId } from '../../ids.ts';
import type { MemberName, RunId } from '../../ids.ts';
import { settings } from '../restoring/after-restore.ts';
import { dataDirFacts } from '../restoring/data-dir-fact.ts';
import { Prepared as PreparedRecovery, orderOf } from '../restoring/recover-settled.ts';
import { ChosenFile } from '../restoring/restore-choice.ts';
import { Way } from '../restoring/ways-back.ts';
import type { World } from '../world.ts';
import { PreparedUndo } from './prepared.ts';
import type { Replaced } from './prepared.ts';
import { otherwiseUndone, refused } from './refusals.ts';

/** What that run did. */
export interface Undone {
  readonly run: RunId;
  readonly replaced: readonly Replaced[];
  readonly leftOut: readonly MemberName[];
  /** Of the data of before; undefined where nobody answered. */
  readonly clusterId: ClusterId | undefined;
  /** What it set on a host, and, where its journal says it, what was there before. */
  settingsOn(member: MemberName): { readonly set: ClusterSettings; readonly before?: ClusterSettings } | undefined;
  /** At which revision the data that it put in place may have begun. */
  readonly began: readonly bigint[];
}

type Particulars = Pick<Undone, 'leftOut' | 'settingsOn' | 'began'>;

/** The step of each procedure that can be undone in which data was put in place. */
const replacingSteps: Readonly<Record<string, string>> = { restore: 'replace-data', 'recover-quorum': 'replace-data', undo: 'put-back' };

/** @throws UNDO_REFUSED with the reason and what to do instead, RUN_NOT_FOUND, JOURNAL_INVALID */
export async function undoneOf(run: RunId, world: World): Promise<Undone> {
  const earlier = await world.earlier.recall(run);
  const { cluster, procedure, mode } = earlier.run;
  if (cluster !== world.cluster.name) throw refused(`${run} is a run on ${cluster}, not on ${world.cluster.name}.`);
  if (mode === 'plan') throw refused(`${run} was a plan: it changed nothing, so there is nothing to undo.`);
  demandEnded(run, earlier);
  const replacing = replacingSteps[procedure];
  if (replacing === undefined) throw await otherwiseUndone(earlier, world);
  const approved = earlier.gates.filter(({ gate, outcome }) => gate.stepId === replacing && outcome === 'approved').map(({ gate }) => gate);
  const way = Way.optional().parse(earlier.choices['choose-way'] ?? sourceOf(earlier));
  if (way === 'start') throw refused(`${run} only started members: no data was replaced, so there is nothing to undo.`);
  if (approved.length === 0)
    throw refused(
      `${run} ended as ${earlier.outcome} before it replaced any data: nothing of it is in force, so there is nothing to undo.`,
    );
  if (earlier.steps.some(({ id, state }) => id === 'delete-old-data' && state === 'done')) {
    throw refused(
      `The data of before ${run} is not kept any more: its last step was approved and has deleted it.`,
      `An older state is put back with \`restore ${cluster} --while-healthy\`; \`backups ${cluster}\` lists what there is.`,
    );
  }
  const replaced = replacedBy(approved.map(({ facts }) => facts));
  const clusterId = ClusterId.safeParse(approved[0]?.facts['cluster id']);
  return { run, replaced, clusterId: clusterId.data, ...particularsOf(earlier, way, replaced, world) };
}

function sourceOf({ prepared }: EarlierRun): unknown {
  return z.object({ source: Way.nullable() }).safeParse(prepared).data?.source ?? undefined;
}

function demandEnded(run: RunId, { state, openGate }: EarlierRun): void {
  if (state === 'ended') return;
  if (openGate?.stepId === 'delete-old-data') {
    throw refused(
      `${run} still asks whether the old data may be deleted, and that would be undone under its hands.`,
      `Say no there first: \`reject ${run} ${gateCode(openGate.gateId)}\`; then ask again. The old data stays.`,
    );
  }
  throw refused(`${run} has not ended.`, `Wait for it, or end it with \`abort ${run}\`; then ask again.`);
}

/** A step that was approved again after it had failed half-way shows hosts that have their new data without a replacement: of those the card before it tells. */
function replacedBy(facts: readonly Readonly<Record<string, string>>[]): readonly Replaced[] {
  const found = new Map<MemberName, Replaced>();
  for (const { member, present, replacement } of facts.flatMap(dataDirFacts)) {
    if (replacement === undefined && found.has(member)) continue;
    found.set(member, { member, before: present ?? null, after: replacement ?? null });
  }
  return [...found.values()];
}

const Restored = ChosenFile.extend({ token: z.string(), bumpRevisionBy: z.string().transform(BigInt) });

function particularsOf(
  { run: { runId, procedure }, prepared }: EarlierRun,
  way: Way | undefined,
  replaced: readonly Replaced[],
  world: World,
): Particulars {
  if (procedure === 'undo') return ofUndo(runId, PreparedUndo.parse(prepared), replaced);
  if (procedure === 'restore') {
    const { token, bumpRevisionBy, ...file } = Restored.parse(prepared);
    return { leftOut: [], settingsOn: () => ({ set: settings({ token }) }), began: beginnings(revisionOf(file), bumpRevisionBy) };
  }
  const recovery = PreparedRecovery.parse(prepared);
  const order = orderOf(way === 'snapshot' ? 'snapshot' : 'survivor', recovery, world);
  const file = way === 'snapshot' ? recovery.snapshot && revisionOf(recovery.snapshot) : recovery.survivor?.revision;
  return {
    leftOut: recovery.leftOut,
    settingsOn: () => ({ set: settings(order) }),
    began: beginnings(file ?? undefined, order.bumpRevisionBy),
  };
}

function ofUndo(
  run: RunId,
  { leftOut, untouched, settings: changed, keptRevision }: PreparedUndo,
  replaced: readonly Replaced[],
): Particulars {
  if (untouched.length > 0 || replaced.length === 0) {
    throw refused(
      `${run} undid a run that was cut in the middle: on ${untouched.join(', ')} data was never replaced, so there is no whole cluster to go back to.`,
    );
  }
  return {
    leftOut,
    settingsOn: (member) => {
      const found = changed.find((each) => each.member === member);
      return found && { set: found.before, before: found.present };
    },
    began: [keptRevision],
  };
}

/** With and without the bump: which of the two it was depended on the tools. */
function beginnings(revision: bigint | undefined, bump: bigint): readonly bigint[] {
  return revision === undefined ? [] : [revision, revision + bump];
}

/** A snapshot's id says it: `20261122T070409Z-rev1234`. */
function revisionOf({ own, snapshot }: ChosenFile): bigint | undefined {
  const inId = /-rev(\d+)$/.exec(snapshot)?.[1];
  return own?.revision ?? (inId === undefined ? undefined : BigInt(inId));
}
