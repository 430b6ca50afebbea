/** Whether a member's disk has room for a defragmentation, and what to do when it has not. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { ClusterLook, EndpointStatus } from '../../etcd/etcd.ts';
import type { Host, HostFacts } from '../../host/host.ts';
import { isDefragmented } from './fragmentation.ts';
import { safeOn } from '../judging/hazards.ts';
import { allCaughtUp, answering } from '../running/members.ts';
import { lookTwice } from '../running/patience.ts';
import { bytesInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** Beside the copy etcd may need another segment of its write-ahead log: https://github.com/etcd-io/etcd/blob/release-3.4/wal/wal.go (SegmentSizeBytes). */
const marginBytes = 64 * 1024 * 1024;
/** etcd's quota when none is set: https://etcd.io/docs/v3.5/op-guide/maintenance/#space-quota */
export const defaultQuotaBytes = 2 * 1024 * 1024 * 1024;
/** A raised quota is this much larger than the larger of quota and database. */
const raiseFactor = 1.25;
const mebibyte = 1024 * 1024;

/** A defragmentation writes what is in use once more into the same directory: https://etcd.io/docs/v3.5/op-guide/maintenance/#defragmentation */
export async function roomToDefragment(host: Host, { dbSizeInUseBytes }: Pick<EndpointStatus, 'dbSizeInUseBytes'>): Promise<Finding> {
  const free = await host.freeBytes();
  const needed = dbSizeInUseBytes + marginBytes;
  if (free >= needed) return holds(`${host.member} has ${bytesInWords(free)} free and needs ${bytesInWords(needed)}.`);
  return fails(
    `${host.member} has ${bytesInWords(free)} free on the disk of its data-dir and needs ${bytesInWords(needed)} (${bytesInWords(dbSizeInUseBytes)} in use, and a margin): ${bytesInWords(needed - free)} are missing there.`,
  );
}

/** Looks at the disks of these members, all at once; where there is no room, says what is missing and what else can be done. */
export async function roomOnAll(world: World, members: readonly string[]): Promise<Finding> {
  const look = await lookTwice(world);
  const findings = await Promise.all(
    world.hosts
      .filter(({ member }) => members.includes(member))
      .map(async (host) => {
        const status = answering(look).find(({ member }) => member === host.member)?.status;
        if (status === undefined) return fails(`${host.member} does not answer.`);
        if (isDefragmented(status)) return holds(`${host.member} needs none: it is defragmented.`);
        const room = await roomOf(host, status);
        return room.holds ? room : fails(`${room.because} ${await raiseAdvice(world, host, status)}`);
      }),
  );
  return allOf([...findings, hazardsKnown(look, allOf(findings), (await world.snapshots.takenBy(world.runId)) !== undefined)]);
}

/** What is known of these versions, each with what makes it safe here; a defect that is not covered is a reason to stop. */
function hazardsKnown(look: ClusterLook, room: Finding, hasSnapshot: boolean): Finding {
  const versions = new Set(answering(look).map(({ status }) => status.version));
  return safeOn(versions, 'defragment', {
    'fresh-backup': that(hasSnapshot, 'This run has taken no snapshot.'),
    'free-disk-proven': that(room.holds, 'There is no room for it.'),
    'all-caught-up': allCaughtUp(look),
  });
}

async function roomOf(host: Host, status: EndpointStatus): Promise<Finding> {
  try {
    return await roomToDefragment(host, status);
  } catch (error) {
    if (isOpsError(error))
      throw new OpsError(error.code, `The disk of ${host.member} could not be looked at: ${error.message}`, {
        hint: error.hint,
        cause: error,
      });
    throw error;
  }
}

/** The way out when there is no room: a larger quota for a while, as the setting of that host. */
export async function raiseAdvice(
  { etcd, cluster }: World,
  host: Host,
  { dbSizeBytes }: Pick<EndpointStatus, 'dbSizeBytes'>,
): Promise<string> {
  const [quota, facts] = await Promise.all([
    etcd.quotaBytes(host.member).catch(unknownWhenRefused),
    host.preflight([]).catch(unknownWhenRefused),
  ]);
  const present = quota === Number.POSITIVE_INFINITY ? undefined : quota;
  const raised = Math.ceil((Math.max(present ?? defaultQuotaBytes, dbSizeBytes) * raiseFactor) / mebibyte) * mebibyte;
  return `Make room, or raise the quota for a while: ${settingOf(facts, raised)} on ${host.member}, then \`restart ${cluster.name} ${host.member}\`; writes go on when every member has it and the alarm is disarmed.`;
}

function settingOf(facts: HostFacts | undefined, bytes: number): string {
  switch (facts?.configuration.style) {
    case 'environment-file':
      return `\`ETCD_QUOTA_BACKEND_BYTES=${bytes}\` in ${facts.configuration.file}`;
    case 'config-file':
      return `\`quota-backend-bytes: ${bytes}\` in ${facts.configuration.file}`;
    case 'flags':
      return `\`--quota-backend-bytes=${bytes}\` in ${facts.configuration.file}`;
    case undefined:
      return `\`--quota-backend-bytes=${bytes}\``;
  }
}

function unknownWhenRefused(error: unknown): undefined {
  if (isOpsError(error)) return undefined;
  throw error;
}
