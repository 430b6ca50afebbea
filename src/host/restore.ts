/** Restores a snapshot beside the data-dir, as etcd's own user, and gives the result its name only when it is whole. */
import type { Clock } from '../engine/ports.ts';
import { OpsError } from '../errors.ts';
import { accepting, changeAsRoot, lookAsRoot } from './command.ts';
import type { HostCommand, RunAs } from './command.ts';
import { freeLook, needRoom, parseFree } from './disk.ts';
import { unknownOutput } from './failures.ts';
import type { RestoredFacts, RestoreOrder, RestoreTool } from './host.ts';
import * as limits from './limits.ts';
import { toDisk } from './moves.ts';
import { dataInPart, partOf } from './paths.ts';
import type { Answer, Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import type { Siblings } from './siblings.ts';
import { parseSnapshotStatus } from './snapshot-status.ts';

export interface RestoreDeps {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** Whose the restored data is to be. */
export interface Owner {
  readonly user: string;
  readonly group: string;
}

/**
 * The tool runs as etcd's user in a directory of that user's own: what it writes has the right owner without a chown over
 * files, and a snapshot that somebody made up is not parsed with root's rights.
 */
export function restoreCommands(order: RestoreOrder, { program }: Pick<RestoreTool, 'program'>, owner: Owner): readonly HostCommand[] {
  const part = partOf(order.intoDir);
  const data = dataInPart(order.intoDir);
  const ownership = `${owner.user}:${owner.group}`;
  return [
    changeAsRoot('rm', '-rf', '--one-file-system', part),
    changeAsRoot('mkdir', '-m', '700', part),
    // -h: never what a link points to.
    changeAsRoot('chown', '-h', ownership, part),
    changeAsRoot('chown', '-h', ownership, order.snapshotPath),
    { argv: [program, 'snapshot', 'restore', order.snapshotPath, ...restoreFlags(order)], as: owner, changes: true },
    // The tool has its files on the disk when it ends: bbolt and the WAL fsync what they write.
    changeAsRoot('mv', '-nT', data, order.intoDir),
    changeAsRoot('rmdir', part),
    toDisk(order.intoDir),
  ];
}

function restoreFlags({
  intoDir,
  memberName,
  peerUrl,
  initialCluster,
  initialClusterToken,
  bumpRevisionBy,
  skipHashCheck,
}: RestoreOrder): readonly string[] {
  return [
    `--data-dir=${dataInPart(intoDir)}`,
    `--name=${memberName}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${initialCluster}`,
    `--initial-cluster-token=${initialClusterToken}`,
    // Both or neither (https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-with-revision-bump).
    ...(bumpRevisionBy === undefined ? [] : [`--bump-revision=${bumpRevisionBy}`, '--mark-compacted']),
    ...(skipHashCheck === true ? ['--skip-hash-check'] : []),
  ];
}

/** Does nothing when the directory is there: it only gets its name when it is whole. @throws OpsError HOST_* */
export async function restoreSnapshot(
  { shell, dataDir, clock }: RestoreDeps,
  order: RestoreOrder,
  tool: RestoreTool,
  owner: Owner,
): Promise<void> {
  if (order.bumpRevisionBy !== undefined && !tool.canBumpRevision) {
    throw new OpsError(
      'HOST_TOOL_MISSING',
      `${tool.program} ${tool.version} on ${shell.where} cannot raise the revision: --bump-revision came with 3.4.27 and 3.5.10.`,
    );
  }
  const [list, free] = await lookWithoutEarlierRestore({ shell, dataDir, clock }, owner);
  const siblings = parseSiblings(shell.where, dataDir, list);
  if (siblings.at(order.intoDir) !== undefined) return;
  const snapshot = siblings.at(order.snapshotPath);
  if (snapshot === undefined)
    throw new OpsError('HOST_COMMAND_FAILED', `${order.snapshotPath} is not on ${shell.where}, so nothing can be restored from it.`, {
      hint: 'Hand the snapshot to the host first.',
    });
  needRoom(shell.where, dataDir, {
    freeBytes: parseFree(shell.where, free),
    neededBytes: snapshot.sizeBytes + limits.restoreMarginBytes,
    purpose: 'the restored data',
  });

  const limitMs = limits.dataLimitMs(snapshot.sizeBytes);
  const { answers } = await shell.session([...restoreCommands(order, tool, owner), listSiblings(dataDir)], { limitMs });
  const after = parseSiblings(shell.where, dataDir, answers.at(-1) as Answer).at(order.intoDir);
  if (after === undefined || after.owner !== owner.user || after.group !== owner.group || after.mode !== '700') {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `${order.intoDir} on ${shell.where} was restored, but is ${after === undefined ? 'not there' : `${after.owner}:${after.group} with mode ${after.mode}`} and not ${owner.user}:${owner.group} with mode 700.`,
    );
  }
}

/**
 * What lies there and how much room there is, once nothing of before writes any more: a worker that was killed leaves its restore
 * running on the host, writing into the directory that would now be made anew.
 * @throws OpsError HOST_COMMAND_TIMEOUT when it does not end
 */
export async function lookWithoutEarlierRestore(
  { shell, dataDir, clock }: RestoreDeps,
  { user }: Owner,
): Promise<readonly [Answer, Answer]> {
  const running = accepting(lookAsRoot('pgrep', '-u', user, '-x', 'etcdctl|etcdutl'), 0, 1);
  const deadlineMs = clock.now().getTime() + limits.dataFixedLimitMs;
  for (;;) {
    const { answers } = await shell.session([running, listSiblings(dataDir), freeLook(dataDir)]);
    const [{ stdout: pids }, list, free] = answers as [Answer, Answer, Answer];
    if (pids.trim() === '') return [list, free];
    if (clock.now().getTime() > deadlineMs) {
      throw new OpsError(
        'HOST_COMMAND_TIMEOUT',
        `A tool of etcd has been running as ${user} on ${shell.where} for ${limits.dataFixedLimitMs / 1_000} s (pid ${pids.trim().split('\n').join(', ')}): probably a restore of before.`,
      );
    }
    await clock.sleep(limits.earlierRestorePollMs);
  }
}

/** Asks etcd's tool about `<dir>/member/snap/db`; undefined when the directory is not there. @throws OpsError HOST_* */
export async function restored(
  shell: Shell,
  dir: string,
  siblings: Siblings,
  { program }: Pick<RestoreTool, 'program'>,
  owner: RunAs,
): Promise<RestoredFacts | undefined> {
  if (siblings.at(dir) === undefined) return undefined;
  const { stdout } = await shell.run(
    { argv: [program, 'snapshot', 'status', `${dir}/member/snap/db`, '-w', 'json'], as: owner, changes: false },
    { limitMs: limits.dataFixedLimitMs },
  );
  const facts = parseSnapshotStatus(stdout);
  if (facts === undefined) throw unknownOutput(shell.where, `${program} snapshot status`, stdout);
  return facts;
}
