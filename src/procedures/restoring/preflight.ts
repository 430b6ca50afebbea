/** Looks at all hosts at once before a restore touches anything, and names everything that is wrong in one go. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host, HostFacts } from '../../host/host.ts';
import type { SnapshotFile } from '../../snapshots/snapshots.ts';
import { certificatesFit } from '../replacing/certificates.ts';
import { minorOf, refusal } from '../judging/versions.ts';
import { bytesInWords, list } from '../words.ts';
import type { World } from '../world.ts';

/** etcd preallocates one WAL segment of this size: https://github.com/etcd-io/etcd/blob/release-3.4/wal/wal.go (SegmentSizeBytes). */
const walSegmentBytes = 64 * 1024 * 1024;
/** What must stay free after the restore, so that etcd can write again. */
const freeMarginBytes = 64 * 1024 * 1024;
/** More than this between a host and the bot is worth a word: leases and certificates depend on clocks. */
const clockOffsetWarnMs = 1_000;

/** A host with what was read of it. */
export interface ReadyHost {
  readonly host: Host;
  readonly facts: HostFacts;
}

/** Free bytes a restore needs beside the data-dir: the snapshot as handed over, the data restored from it, one WAL segment, a margin. */
export function bytesNeeded(snapshotBytes: number): number {
  return 2 * snapshotBytes + walSegmentBytes + freeMarginBytes;
}

type PreflightWorld = Pick<World, 'hosts' | 'cluster' | 'clock'>;

/** Reads every host, in parallel; throws nothing for a host that is not ready: the finding names each with its reason. */
export async function preflight(world: PreflightWorld, snapshot: Pick<SnapshotFile, 'bytes'>): Promise<Finding> {
  return allOf(await Promise.all(world.hosts.map((host) => lookAt(host, world, snapshot))));
}

/** The facts of every host; throws when one cannot be read. */
export async function readHosts(hosts: readonly Host[]): Promise<readonly ReadyHost[]> {
  return Promise.all(hosts.map(async (host) => ({ host, facts: await host.preflight() })));
}

async function lookAt(host: Host, { cluster, clock }: PreflightWorld, snapshot: Pick<SnapshotFile, 'bytes'>): Promise<Finding> {
  try {
    const [facts, certificates] = await Promise.all([host.preflight(), host.certificates()]);
    const member = cluster.members.find(({ name }) => name === host.member);
    return allOf([
      judge(host, facts, bytesNeeded(snapshot.bytes)),
      member === undefined
        ? fails(`${cluster.name} has no member ${host.member} in config.yaml.`)
        : certificatesFit(certificates, member, clock.now()),
    ]);
  } catch (error) {
    if (isOpsError(error)) return fails(`${error.message} ${error.hint}`);
    throw error;
  }
}

function judge(host: Host, facts: HostFacts, neededBytes: number): Finding {
  const wrong: string[] = [];
  if (facts.freeBytes < neededBytes) {
    wrong.push(
      `${host.member} has ${bytesInWords(facts.freeBytes)} free beside ${facts.dataDir.path} and needs ${bytesInWords(neededBytes)}: ${bytesInWords(neededBytes - facts.freeBytes)} are missing.`,
    );
  }
  const refused = refusal(facts.serverVersion);
  if (refused !== undefined) wrong.push(`${host.member}: ${refused}`);
  if (minorOf(facts.tool.version) !== minorOf(facts.serverVersion)) {
    wrong.push(
      `${host.member} has ${facts.tool.program} ${facts.tool.version} beside etcd ${facts.serverVersion}: a restore needs the tool of the server's minor version.`,
    );
  }
  if (wrong.length > 0) return fails(wrong.join(' '));
  const remarks = [
    `${host.member} is ready: etcd ${facts.serverVersion}, ${facts.tool.program} ${facts.tool.version}, unit ${facts.unit.activeState}, ${bytesInWords(facts.freeBytes)} free, settings in ${facts.configuration.file}.`,
  ];
  if (Math.abs(facts.clockOffsetMs) > clockOffsetWarnMs) remarks.push(`Its clock is ${(facts.clockOffsetMs / 1000).toFixed(1)} s off.`);
  return holds(remarks.join(' '));
}

/** Whether every host's tool can raise the revision after a restore, and the sentence for the thread when it cannot. */
export function bumpRemark(ready: readonly ReadyHost[]): { readonly can: boolean; readonly remark: string } {
  const cannot = ready
    .filter(({ facts }) => !facts.tool.canBumpRevision)
    .map(({ host, facts }) => `${host.member} (${facts.tool.program} ${facts.tool.version})`);
  if (cannot.length === 0)
    return { can: true, remark: 'Revisions go on above the highest one known (--bump-revision, --mark-compacted), so watchers notice.' };
  return {
    can: false,
    remark: `Revisions go on from the file’s, so that those of what is lost are given out again, because --bump-revision came with 3.4.27 and 3.5.10 and is not there on ${list(cannot)}. Restart everything that watches this cluster, Kubernetes' apiservers and controllers above all.`,
  };
}
