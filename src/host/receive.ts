/** Hands a snapshot over to a host: streamed through ssh, checked there, and only then given its name. */
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { changeAsRoot, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { freeLook, needRoom, parseFree } from './disk.ts';
import type { Delivery } from './host.ts';
import * as limits from './limits.ts';
import { partOf } from './paths.ts';
import { inMebibytes, paced } from './progress.ts';
import type { Answer, Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';

export interface ReceiveDeps {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * `conv=excl` makes the file anew, or fails: no link that somebody put there is followed. It is root's with mode 0600 from
 * its first moment, by umask 0077 (script.ts, and again deploy/sudoers): a snapshot holds all data and the password hashes.
 * Without fsync: a host that loses its power would have a torn file, and the restore from it ends at the hash that is checked again there.
 */
export function receiveCommands({ remotePath }: Pick<Delivery, 'remotePath'>) {
  const part = partOf(remotePath);
  return {
    clear: changeAsRoot('rm', '-f', part, remotePath),
    write: changeAsRoot('dd', 'bs=1M', 'iflag=fullblock', 'conv=excl', 'status=none', `of=${part}`),
    hash: lookAsRoot('sha256sum', part),
    rename: changeAsRoot('mv', '-nT', part, remotePath),
  } as const satisfies Record<string, HostCommand>;
}

/** sha256sum's output: the hash, two blanks, the name. */
export function parseSha256({ stdout }: Answer): string | undefined {
  return /^\\?([0-9a-f]{64}) /.exec(stdout)?.[1];
}

/** Does nothing when the file is there already with this hash. @throws OpsError HOST_* */
export async function receive({ shell, dataDir, clock }: ReceiveDeps, delivery: Delivery, progress: Progress): Promise<void> {
  const { remotePath, bytes, sha256 } = delivery;
  const commands = receiveCommands(delivery);
  const [list, free] = (await shell.session([listSiblings(dataDir), freeLook(dataDir)])).answers;
  const there = parseSiblings(shell.where, dataDir, list as Answer).at(remotePath);
  const limitMs = limits.dataLimitMs(bytes);
  if (there !== undefined && parseSha256(await shell.run(lookAsRoot('sha256sum', remotePath), { limitMs })) === sha256) return;
  needRoom(shell.where, dataDir, {
    freeBytes: parseFree(shell.where, free as Answer) + (there?.sizeBytes ?? 0),
    neededBytes: bytes + limits.receiveMarginBytes,
    purpose: 'the snapshot',
  });

  await shell.run(commands.clear, { limitMs: limits.deleteLimitMs });
  const [, hash] = (await shell.session([commands.write, commands.hash], { limitMs, input: counted(delivery, progress, clock) })).answers;
  const arrived = parseSha256(hash as Answer);
  if (arrived !== sha256) {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `The snapshot arrived on ${shell.where} with sha256 ${arrived ?? 'unknown'}, not ${sha256}: it was cut, or the local file has changed.`,
      {
        details: { arrived, expected: sha256 },
      },
    );
  }
  await shell.run(commands.rename, { limitMs });
}

/** The local file as a stream that says how far it is. */
function counted({ localPath, bytes }: Delivery, progress: Progress, clock: Pick<Clock, 'now'>): Readable {
  let sentBytes = 0;
  const say = paced(clock, progress);
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sentBytes += chunk.length;
      say(() => inMebibytes(sentBytes, bytes));
      done(null, chunk);
    },
  });
  const file = createReadStream(localPath, { highWaterMark: limits.sendChunkBytes });
  file.once('error', (error) => counter.destroy(error));
  counter.once('close', () => file.destroy());
  return file.pipe(counter);
}
