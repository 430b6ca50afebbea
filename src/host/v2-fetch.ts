/** Packs a made backup of API 2 and copies it off the host as one stream, the same sha256 on both sides. */
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { changeAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { unknownOutput } from './failures.ts';
import { intoNewFile } from './new-file.ts';
import type { RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { partOf } from './paths.ts';
import { inMebibytes, paced } from './progress.ts';
import { parseSha256 } from './receive.ts';
import type { Owner } from './restore.ts';
import type { Answer, Shell } from './shell.ts';
import type { Streamed } from './stream.ts';
import { makePart } from './v2-backup.ts';

interface FetchDeps {
  readonly shell: Shell;
  readonly paths: RunPaths;
  readonly owner: Owner;
  readonly clock: Pick<Clock, 'now'>;
}

/** As etcd's own user, in a directory of that user's own. A WAL is mostly zeros: gzip makes 64 MB a few kB. */
export function fetchBackupCommands(paths: RunPaths, owner: Owner) {
  const archive = `${partOf(paths.restored)}/data.tar.gz`;
  const asOwner = (changes: boolean, ...argv: readonly string[]): HostCommand => ({ argv, as: owner, changes });
  return {
    prepare: makePart(paths, owner),
    pack: asOwner(true, 'tar', '--create', '--gzip', '--sort=name', `--file=${archive}`, `--directory=${paths.restored}`, 'member'),
    size: asOwner(false, 'stat', '-c', '%s', archive),
    hash: asOwner(false, 'sha256sum', archive),
    read: asOwner(false, 'cat', archive),
    remove: changeAsRoot('rm', '-rf', '--one-file-system', partOf(paths.restored)),
  } as const;
}

/** @throws OpsError HOST_* or STORE_FAILED; no local file is left then */
export async function fetchBackup({ shell, paths, owner, clock }: FetchDeps, toPath: string, progress: Progress): Promise<Streamed> {
  const { prepare, pack, size, hash, read, remove } = fetchBackupCommands(paths, owner);
  const { answers } = await shell.session([...prepare, pack, size, hash], { limitMs: limits.dataFixedLimitMs });
  const [sized, hashed] = answers.slice(-2) as [Answer, Answer];
  const bytes = Number(sized.stdout.trim() || Number.NaN);
  const expected = parseSha256(hashed);
  if (!Number.isSafeInteger(bytes) || expected === undefined) throw unknownOutput(shell.where, 'stat', sized.stdout);
  const came = await intoNewFile(toPath, async (file) => {
    const say = paced(clock, progress);
    let takenBytes = 0;
    const take = async (chunk: Buffer) => {
      await file.appendFile(chunk);
      takenBytes += chunk.length;
      say(() => inMebibytes(takenBytes, bytes));
    };
    const streamed = await shell.stream(read, { limitMs: limits.dataLimitMs(bytes), take });
    if (streamed.bytes !== bytes || streamed.sha256 !== expected) {
      throw new OpsError(
        'HOST_COMMAND_FAILED',
        `The backup of ${shell.where} came with ${streamed.bytes} bytes and sha256 ${streamed.sha256}, but has ${bytes} bytes and sha256 ${expected} there: it was cut.`,
        { details: { came: streamed, bytes, expected } },
      );
    }
    return streamed;
  });
  await shell.run(remove, { limitMs: limits.deleteLimitMs });
  return came;
}
