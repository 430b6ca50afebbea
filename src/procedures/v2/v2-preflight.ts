/** Whether all hosts are ready for a restore of API 2: one takes the backup, the others will join it with nothing. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host, Purpose } from '../../host/host.ts';
import type { MemberName } from '../../ids.ts';
import { minorOf } from '../judging/versions.ts';
import { bytesInWords } from '../words.ts';
import type { World } from '../world.ts';

/** WAL segments of 64 MB: the backup, its reading back, and what etcd sets aside when it starts. */
const firstNeedsBytes = 4 * 64 * 1024 * 1024;
/** What a member needs that joins with nothing. */
const othersNeedBytes = 128 * 1024 * 1024;

/** Looks at all at once. Throws nothing for a host that is not ready: each is named with its reason. */
export async function v2Preflight(first: MemberName, { hosts }: World, backupVersion: string): Promise<Finding> {
  return allOf(await Promise.all(hosts.map((host) => ready(host, host.member === first, backupVersion))));
}

async function ready(host: Host, isFirst: boolean, backupVersion: string): Promise<Finding> {
  const purposes: readonly Purpose[] = isFirst ? ['restore', 'replace-member', 'v2-restore'] : ['restore', 'replace-member'];
  try {
    const [{ serverVersion, freeBytes, configuration, dataDir }, { style, enabled }, force] = await Promise.all([
      host.preflight(purposes),
      host.v2.settings(),
      host.v2.force(),
    ]);
    const neededBytes = isFirst ? firstNeedsBytes : othersNeedBytes;
    const finding = allOf([
      that(
        ['3.4', '3.5'].includes(minorOf(serverVersion)),
        `${host.member} runs etcd ${serverVersion}: API 2 and the way to restore it ended with 3.5.`,
      ),
      that(
        minorOf(serverVersion) === minorOf(backupVersion),
        `${host.member} runs etcd ${serverVersion}, and the backup is of etcd ${backupVersion}: use the same minor version.`,
      ),
      that(enabled, `etcd on ${host.member} is not set to serve API 2: add enable-v2 (ETCD_ENABLE_V2=true) to its settings first.`),
      that(
        !force.inSettings && !force.inUnit,
        `force-new-cluster is set on ${host.member} already: etcd there would begin a new cluster at every start. Take it out of its settings first.`,
      ),
      that(
        !isFirst || style !== 'config-file',
        `etcd on ${host.member} reads a YAML --config-file and ignores its environment, so it cannot be started with force-new-cluster once. Choose another member with --first, or do it by hand (docs/runbooks/v2-restore.md, start-alone).`,
      ),
      that(
        freeBytes >= neededBytes,
        `${host.member} has ${bytesInWords(freeBytes)} free beside ${dataDir.path} and needs ${bytesInWords(neededBytes)}.`,
      ),
    ]);
    if (!finding.holds) return finding;
    return holds(
      `${host.member} is ready: etcd ${serverVersion}, ${bytesInWords(freeBytes)} free, settings in ${configuration.file}${isFirst ? '; it takes the backup' : ''}.`,
    );
  } catch (error) {
    if (isOpsError(error)) return fails(`${error.message} ${error.hint}`);
    throw error;
  }
}
