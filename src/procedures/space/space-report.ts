/** The last words of recover-space: what was freed per member, what is left, and what keeps it from filling again. */
import { isOpsError } from '../../errors.ts';
import { canaryKey } from '../restoring/canary.ts';
import { noneRaised } from './disarming.ts';
import { answering } from '../running/members.ts';
import type { PreparedSpace } from '../recover-space.ts';
import { preventionAdvice } from './space.ts';
import { bytesInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The conclusion of a run that came to its end. */
export async function spaceRecovered(prepared: PreparedSpace, world: World): Promise<string> {
  const look = await world.etcd.look();
  const snapshot = await world.snapshots.takenBy(world.runId);
  const freed = answering(look).reduce((sum, { member, status }) => sum + freedOf(prepared, member, status.dbSizeBytes), 0);
  return [
    `${world.cluster.name} takes writes again: ${bytesInWords(freed)} freed in all. ${look.quorum.sentence}`,
    ...(await sizeLines(prepared, world)),
    `The history before revision ${prepared.compactTo} is gone; snapshot ${snapshot?.id ?? 'of this run'} still has it.`,
    ...(await preventionAdvice(world)),
  ].join('\n');
}

/** How things stand when the run ends before its end; the canary is removed. Safe to repeat. */
export async function spaceStands(prepared: PreparedSpace, world: World): Promise<string> {
  const { etcd, runId, cluster } = world;
  try {
    if ((await etcd.get(canaryKey))?.value === runId) await etcd.delete(canaryKey);
    const alarm = await noneRaised(world, 'NOSPACE');
    return [
      alarm.holds
        ? `${cluster.name} has no alarm NOSPACE.`
        : `Writes are still refused: ${alarm.because} Start \`recover-space ${cluster.name}\` again: what is done already is skipped.`,
      ...(await sizeLines(prepared, world)),
    ].join('\n');
  } catch (error) {
    if (isOpsError(error)) return `How ${cluster.name} stands could not be read (${error.message}) \`status ${cluster.name}\` shows it.`;
    throw error;
  }
}

async function sizeLines(prepared: PreparedSpace, { etcd }: World): Promise<string[]> {
  const look = await etcd.look();
  return Promise.all(
    answering(look).map(async ({ member, status }) => {
      const quota = await etcd.quotaBytes(member).catch(() => undefined);
      const of = quota === undefined ? '' : ` of a quota of ${bytesInWords(quota)}`;
      return `${member}: ${bytesInWords(freedOf(prepared, member, status.dbSizeBytes))} freed, ${bytesInWords(status.dbSizeBytes)}${of} now.`;
    }),
  );
}

function freedOf({ sizes }: PreparedSpace, member: string, nowBytes: number): number {
  return Math.max(0, (sizes[member] ?? nowBytes) - nowBytes);
}
