/** Whether all hosts are ready for a restore of API 2: one takes the backup, the others will join it with nothing. */
import { minorOf } from '../../checkup/versions.ts';
import { allOf, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { bytesInWords } from '../../engine/words.ts';
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { HostSight } from '../../host/sight.ts';
import type { V2Settings } from '../../host/v2.ts';
import type { MemberName } from '../../ids.ts';
import { readyToMove } from '../host-readiness.ts';
import type { MovingData } from '../host-readiness.ts';
import type { World } from '../world.ts';

/** WAL segments of 64 MB: the backup, its reading back, and what etcd sets aside when it starts. */
const firstNeedsBytes = 4 * 64 * 1024 * 1024;
/** What a member needs that joins with nothing. */
const othersNeedBytes = 128 * 1024 * 1024;

/** Looks at all at once. Throws nothing for a host that is not ready: each is named with its reason. */
export async function v2Preflight(first: MemberName, world: World, backupVersion: string): Promise<Finding> {
  const look = await world.etcd.look();
  return allOf(
    await Promise.all(
      world.hosts.map(async (host) => {
        const isFirst = host.member === first;
        const moving: MovingData = {
          purposes: isFirst ? ['restore', 'replace-member', 'v2-restore'] : ['restore', 'replace-member'],
          neededBytes: isFirst ? firstNeedsBytes : othersNeedBytes,
          look,
        };
        const v2 = await v2Of(host);
        return readyToMove(host, world, moving, ({ sight }) =>
          'because' in v2 ? v2 : fitsV2(host, sight, { ...v2, isFirst, backupVersion }),
        );
      }),
    ),
  );
}

interface V2Seen {
  readonly settings: V2Settings;
  readonly force: Awaited<ReturnType<Host['v2']['force']>>;
}

async function v2Of(host: Host): Promise<V2Seen | Extract<Finding, { holds: false }>> {
  try {
    const [settings, force] = await Promise.all([host.v2.settings(), host.v2.force()]);
    return { settings, force };
  } catch (error) {
    if (isOpsError(error)) return { holds: false, because: `${error.message} ${error.hint}` };
    throw error;
  }
}

function fitsV2(
  { member }: Host,
  { serverVersion = 'of an unknown version', freeBytes, configuration }: HostSight,
  { settings: { style, enabled }, force, isFirst, backupVersion }: V2Seen & { readonly isFirst: boolean; readonly backupVersion: string },
): Finding {
  const finding = allOf([
    that(
      ['3.4', '3.5'].includes(minorOf(serverVersion)),
      `${member} runs etcd ${serverVersion}: API 2 and the way to restore it ended with 3.5.`,
    ),
    that(
      minorOf(serverVersion) === minorOf(backupVersion),
      `${member} runs etcd ${serverVersion}, and the backup is of etcd ${backupVersion}: use the same minor version.`,
    ),
    that(enabled, `etcd on ${member} is not set to serve API 2: add enable-v2 (ETCD_ENABLE_V2=true) to its settings first.`),
    that(
      !force.inSettings && !force.inUnit,
      `force-new-cluster is set on ${member} already: etcd there would begin a new cluster at every start. Take it out of its settings first.`,
    ),
    that(
      !isFirst || style !== 'config-file',
      `etcd on ${member} reads a YAML --config-file and ignores its environment, so it cannot be started with force-new-cluster once. Choose another member with --first, or do it by hand (docs/runbooks/v2-restore.md, start-alone).`,
    ),
  ]);
  if (!finding.holds) return finding;
  return holds(
    `${member} is ready: etcd ${serverVersion}, ${bytesInWords(freeBytes)} free, settings in ${configuration.file}${isFirst ? '; it takes the backup' : ''}.`,
  );
}
