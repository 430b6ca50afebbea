/** Makes and unpacks backups of API 2 beside the data-dir, as etcd's own user, and gives the result its name only when it could be read back. */
import { OpsError } from '../errors.ts';
import { changeAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { needRoom, parseFree } from './disk.ts';
import type { RestoreTool, RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { dataInPart, parentOf, partOf } from './paths.ts';
import { lookWithoutEarlierRestore } from './restore.ts';
import type { Owner, RestoreDeps } from './restore.ts';
import type { Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';

/** What a backup on a host needs. */
export interface V2BackupDeps {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
  readonly tool: Pick<RestoreTool, 'program' | 'version'>;
  readonly owner: Owner;
  readonly clock: RestoreDeps['clock'];
}

/** A WAL segment is set aside at its full size (https://github.com/etcd-io/etcd/blob/release-3.4/wal/wal.go), once for the backup and once for reading it back. */
const roomBytes = 3 * 64 * 1_048_576;

/** Up to 3.4 etcdctl has it, under API 2; in 3.5 etcdutl, which would take API 3's data along unless told otherwise. */
export function backupCommand({ program }: Pick<RestoreTool, 'program'>, from: string, to: string, as: Owner): HostCommand {
  const places = [`--data-dir=${from}`, `--backup-dir=${to}`];
  const argv =
    program === 'etcdutl' ? ['etcdutl', 'backup', ...places, '--with-v3=false'] : ['env', 'ETCDCTL_API=2', 'etcdctl', 'backup', ...places];
  return { argv, as, changes: true };
}

/** Inside the half-made directory, where the backup is read back into: what cannot be read fails here. */
function readBackDir(restored: string): string {
  return `${partOf(restored)}/read`;
}

/** An empty half-made directory of etcd's own. */
export function makePart({ restored }: Pick<RunPaths, 'restored'>, { user, group }: Owner): readonly HostCommand[] {
  const part = partOf(restored);
  return [
    changeAsRoot('rm', '-rf', '--one-file-system', part),
    changeAsRoot('mkdir', '-m', '700', part),
    // -h: never what a link points to.
    changeAsRoot('chown', '-h', `${user}:${group}`, part),
  ];
}

function nameWhole({ restored }: Pick<RunPaths, 'restored'>): readonly HostCommand[] {
  return [
    changeAsRoot('sync', '-f', parentOf(restored)),
    changeAsRoot('mv', '-nT', dataInPart(restored), restored),
    changeAsRoot('rm', '-rf', '--one-file-system', partOf(restored)),
    changeAsRoot('sync', '-f', parentOf(restored)),
  ];
}

/** https://etcd.io/docs/v2.3/admin_guide/#backing-up-the-datastore */
export function makeBackupCommands(
  dataDir: string,
  paths: RunPaths,
  tool: Pick<RestoreTool, 'program'>,
  owner: Owner,
): readonly HostCommand[] {
  const data = dataInPart(paths.restored);
  return [
    ...makePart(paths, owner),
    backupCommand(tool, dataDir, data, owner),
    backupCommand(tool, data, readBackDir(paths.restored), owner),
    ...nameWhole(paths),
  ];
}

/** The archive is unpacked with the rights of etcd's user alone: whatever somebody put into it can touch nothing else. */
export function unpackBackupCommands(paths: RunPaths, tool: Pick<RestoreTool, 'program'>, owner: Owner): readonly HostCommand[] {
  const data = dataInPart(paths.restored);
  const asOwner = (...argv: readonly string[]): HostCommand => ({ argv, as: owner, changes: true });
  return [
    ...makePart(paths, owner),
    changeAsRoot('chown', '-h', `${owner.user}:${owner.group}`, paths.snapshot),
    asOwner('mkdir', '-m', '700', data),
    asOwner('tar', '--extract', '--gzip', `--file=${paths.snapshot}`, `--directory=${data}`),
    backupCommand(tool, data, readBackDir(paths.restored), owner),
    ...nameWhole(paths),
  ];
}

/** Does nothing when it is there. @throws OpsError HOST_* */
export async function makeBackup(deps: V2BackupDeps): Promise<void> {
  const { dataDir, paths, tool, owner } = deps;
  refuseTool(deps);
  await make(deps, makeBackupCommands(dataDir, paths, tool, owner), 'the backup');
}

/** Does nothing when it is there. @throws OpsError HOST_* */
export async function unpackBackup(deps: V2BackupDeps): Promise<void> {
  const { paths, tool, owner } = deps;
  refuseTool(deps);
  await make(deps, unpackBackupCommands(paths, tool, owner), 'the unpacked backup');
}

async function make({ shell, dataDir, paths, owner, clock }: V2BackupDeps, commands: readonly HostCommand[], what: string): Promise<void> {
  // A worker that was killed leaves its tool running on the host, writing into the directory that would now be made anew.
  const [list, free] = await lookWithoutEarlierRestore({ shell, dataDir, clock }, owner);
  const siblings = parseSiblings(shell.where, dataDir, list);
  if (siblings.at(paths.restored) !== undefined) return;
  needRoom(shell.where, dataDir, { freeBytes: parseFree(shell.where, free), neededBytes: roomBytes, purpose: what });
  await shell.session(commands, { limitMs: limits.dataFixedLimitMs });
  const after = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))).at(paths.restored);
  if (after === undefined || after.owner !== owner.user || after.group !== owner.group || after.mode !== '700') {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `${paths.restored} on ${shell.where} was made, but is ${after === undefined ? 'not there' : `${after.owner}:${after.group} with mode ${after.mode}`} and not ${owner.user}:${owner.group} with mode 700.`,
    );
  }
}

/** @throws OpsError HOST_TOOL_MISSING where no version can do it any more */
export function refuseTool({ shell, tool }: Pick<V2BackupDeps, 'shell' | 'tool'>): void {
  const [major = 0, minor = 0] = tool.version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 6)) return;
  throw new OpsError(
    'HOST_TOOL_MISSING',
    `${shell.where} runs etcd ${tool.version}, which has no API 2 and no backup of it any more: that ended with 3.5.`,
    { hint: 'What was written with API 2 can be read and backed up with etcd 3.5 or older only.' },
  );
}
