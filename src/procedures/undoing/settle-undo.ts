/** Settles an undo when it begins: whether it is meaningful, what comes back, and what that costs. */
import type { z } from 'zod';
import type { RunId } from '../../ids.ts';
import { worldOf } from '../restoring/left-out.ts';
import { lookPatiently } from '../running/patience.ts';
import { chooseSource } from '../restoring/safety-snapshot.ts';
import { list, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';
import { clusterIdOf, strangers } from './cluster-now.ts';
import { hasOldData, keptRevisionOf, lookAtKept, membersOf, pathsInWords, standingInWords, wrongs } from './kept.ts';
import type { KeptOn } from './kept.ts';
import { lossOfUndo } from './loss-of-undo.ts';
import type { PreparedUndo } from './prepared.ts';
import { refused } from './refusals.ts';
import { settingsToPutBack } from './settings-back.ts';
import { undoneOf } from './undone.ts';
import type { Undone } from './undone.ts';

/** Looks at everything. @throws UNDO_REFUSED with the reason and what to do instead; HOST_* for a host that cannot be asked */
export async function settleUndo(
  run: RunId,
  world: World,
): Promise<{ readonly prepared: z.input<typeof PreparedUndo>; readonly summary: string }> {
  const undone = await undoneOf(run, world);
  demandSameMembers(undone, world);
  const on = worldOf(
    world,
    undone.replaced.map(({ member }) => member),
  );
  const [look, found] = await Promise.all([
    lookPatiently(
      on,
      on.hosts.map(({ member }) => member),
      2,
    ),
    lookAtKept(undone, on, 'content'),
  ]);
  const strange = strangers(undone, look, on);
  if (strange !== undefined) throw refused(strange, membersHint(on));
  demandWhole(undone, found, world);
  const serving = found.filter(hasOldData);
  demandVotes(undone, { found, serving }, world);
  if (look.revision !== undefined) await world.ledger.observe(look.revision);
  const present = clusterIdOf(look);
  const answers = look.endpoints.some((endpoint) => endpoint.answers && !endpoint.status.isLearner);
  const keptRevision = keptRevisionOf(found);
  const clusterId = { present: present ?? null, before: undone.clusterId ?? null };
  const prepared = {
    run,
    replaced: [...undone.replaced],
    leftOut: [...undone.leftOut],
    serving: membersOf(serving),
    lacking: membersOf(found.filter((each) => !hasOldData(each))),
    untouched: membersOf(found.filter(({ standing }) => standing.kind === 'in-place')),
    clusterId,
    keptRevision: String(keptRevision),
    loses: lossOfUndo({ run, began: undone.began, now: look.revision, keptRevision, clusterId }, world),
    settings: await settingsToPutBack(undone, on),
    source: answers ? (await chooseSource(on)).source : null,
  };
  return { prepared, summary: `Put back what ${run} moved aside: revision ${keptRevision} on ${list(prepared.serving)}` };
}

/** The hosts of then and of now, by their names: another set would not be the cluster of before. */
function demandSameMembers({ run, replaced, leftOut }: Undone, { cluster }: World): void {
  const then = new Set([...replaced.map(({ member }) => member), ...leftOut]);
  const now = cluster.members.map(({ name }) => name);
  const [gone, come] = [[...then].filter((member) => !now.includes(member)), now.filter((member) => !then.has(member))];
  if (gone.length === 0 && come.length === 0) return;
  const differs = [
    ...(gone.length === 0 ? [] : [`${list(gone)} ${gone.length === 1 ? 'is' : 'are'} not in config.yaml any more`]),
    ...(come.length === 0 ? [] : [`${list(come)} ${come.length === 1 ? 'has' : 'have'} come since`]),
  ];
  throw refused(`The members of ${cluster.name} are not those of ${run}: ${differs.join(', and ')}.`, membersHint({ cluster }));
}

function membersHint({ cluster }: Pick<World, 'cluster'>): string {
  return `The cluster of before cannot be had back as it was. What is kept is still a source: its member/snap/db, copied into the backup directory of ${cluster.name} as NAME.db, for \`restore ${cluster.name} --snapshot file:NAME.db\`.`;
}

/** Everything must lie as that run has left it; and something must have moved. */
function demandWhole({ run }: Undone, found: readonly KeptOn[], { cluster }: World): void {
  const wrong = wrongs(found);
  if (wrong.length > 0) throw refused(wrong.join(' '), `Nothing was touched. \`show ${run}\` says what that run did.`);
  if (found.some(({ standing }) => standing.kind !== 'in-place')) return;
  throw refused(
    `The data of before ${run} is in its place on every host: there is nothing to put back.`,
    `Where etcd is stopped, \`start ${cluster.name}\` starts it.`,
  );
}

/** With data on a minority only, the cluster of before would come back unable to serve. */
function demandVotes(
  { run }: Undone,
  { found, serving }: { readonly found: readonly KeptOn[]; readonly serving: readonly KeptOn[] },
  { cluster: { name, members } }: World,
): void {
  const needed = Math.floor(members.length / 2) + 1;
  if (serving.length >= needed) return;
  const kept = found.filter(({ standing }) => standing.kind === 'kept');
  const source =
    kept.length === 0
      ? `\`backups ${name}\` lists what else there is.`
      : `What it has is a source all the same: copy ${pathsInWords(kept, '/member/snap/db')} into the backup directory of ${name} as NAME.db, then \`restore ${name} --snapshot file:NAME.db --while-healthy\`.`;
  throw refused(
    `Only ${serving.length} of ${plural(members.length, 'member')} of ${name} had data when ${run} began${serving.length === 0 ? '' : ` (${list(membersOf(serving))})`}, and ${needed} are needed to serve: put back, the cluster would be without quorum, as it was then. ${found.map(standingInWords).join(' ')}`,
    source,
  );
}
