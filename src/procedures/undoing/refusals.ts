/** Refuses to undo, with the reason and what to do instead; above all for runs that are not undone by putting data back. */
import { z } from 'zod';
import type { EarlierRun } from '../../engine/recall.ts';
import { OpsError, isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { MemberName } from '../../ids.ts';
import type { RunId } from '../../ids.ts';
import type { World } from '../world.ts';

/** A refusal. What is kept stays where it is. */
export function refused(because: string, hint?: string): OpsError {
  return new OpsError('UNDO_REFUSED', because, hint === undefined ? {} : { hint });
}

/** The reason, for the person. */
export async function otherwiseUndone(earlier: EarlierRun, world: World): Promise<OpsError> {
  const { runId, procedure, cluster } = earlier.run;
  if (procedure === 'replace-member') return replacementStays(earlier, world);
  if (procedure === 'v2-restore') {
    return refused(
      `${runId} put back data of API 2 member by member, and that is not undone from here.`,
      `What was there before is kept on every host as ${await keptPath(runId, world.hosts[0])}; docs/runbooks/v2-restore.md says how to go back by hand.`,
    );
  }
  return refused(
    `${runId} kept no data aside, so there is nothing to put back: only \`restore\`, \`recover-quorum\` and \`undo\` itself are undone.`,
    `\`status ${cluster}\` says how it stands now and what to do next.`,
  );
}

const Replacement = z.object({ member: MemberName, removes: z.array(z.object({ id: z.string() })) });

/** A removed member's id is never taken back (https://etcd.io/docs/v3.5/op-guide/runtime-configuration/#remove-a-member), so its data is of no use to it. */
async function replacementStays({ run: { runId, cluster }, prepared, steps }: EarlierRun, world: World): Promise<OpsError> {
  const { data } = Replacement.safeParse(prepared);
  if (data === undefined) return refused(`${runId} ended before it had looked at anything: there is nothing to undo.`);
  const { member, removes } = data;
  const removal = steps.find(({ id }) => id === 'remove-member');
  const { members } = await world.etcd.look();
  const isMember =
    members === undefined ? removal?.state !== 'done' : removes.some(({ id }) => members.some(({ memberId }) => memberId === id));
  if (removes.length > 0 && isMember) {
    return refused(
      `${runId} ended before ${member} was removed: it is a member of ${cluster} as before, and its data was never moved, so there is nothing to put back.`,
      `Where its etcd was stopped and masked for the removal, \`start ${cluster} ${member}\` starts it again.`,
    );
  }
  const kept = await keptPath(
    runId,
    world.hosts.find((host) => host.member === member),
  );
  return refused(
    `${runId} has removed the old member ${member} from ${cluster}, and etcd never takes a removed member back: its old data would be refused, so it is never put back.`,
    `To have ${member} made anew: \`replace-member ${cluster} ${member} --healthy\`. What is kept is good for one thing: ${kept}/member/snap/db, copied into the backup directory of ${cluster} as NAME.db, is a source for \`restore ${cluster} --snapshot file:NAME.db\`.`,
  );
}

/** Where a run's old data lies; in words where the host does not say it: a refusal is given all the same. */
async function keptPath(run: RunId, host: Host | undefined): Promise<string> {
  const inWords = `<data-dir>.${run}.old`;
  try {
    return host === undefined ? inWords : (await host.dir({ run, what: 'aside' })).path;
  } catch (error) {
    if (isOpsError(error)) return inWords;
    throw error;
  }
}
