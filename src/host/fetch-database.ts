/** Copies the database of a member that is down to a new file on the machine of the bot. */
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import type { HostCommand, RunAs } from './command.ts';
import { unknownOutput } from './failures.ts';
import { processLook } from './fence.ts';
import * as limits from './limits.ts';
import { intoNewFile } from './new-file.ts';
import { inMebibytes, paced } from './progress.ts';
import { parseSha256 } from './receive.ts';
import type { Answer, Shell } from './shell.ts';
import type { Streamed } from './stream.ts';
import { isDown, ownerOf, parseUnit, unitLooks } from './unit.ts';

export interface FetchDeps {
  readonly shell: Shell;
  readonly unit: string;
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** As etcd's own user, so that a link that a taken-over etcd put there leads to nothing that etcd could not read anyway. */
export function fetchCommands(dataDir: string, as: RunAs) {
  const file = `${dataDir}/member/snap/db`;
  const command = (...argv: readonly string[]): HostCommand => ({ argv, as, changes: false });
  return { size: command('stat', '-c', '%s', file), read: command('cat', file), hash: command('sha256sum', file) };
}

/**
 * A database that etcd writes while it is read would be torn, so the unit must be down before and after, and the file's hash must be that of what came.
 * @throws OpsError HOST_* or STORE_FAILED; no file is left then, and one that was there before is not touched
 */
export async function fetchDatabase({ shell, unit, dataDir, clock }: FetchDeps, toPath: string, progress: Progress): Promise<Streamed> {
  const [show, files, processes] = (await shell.session([...unitLooks(unit), processLook])).answers as [Answer, Answer, Answer];
  const reading = parseUnit(shell.where, unit, show, files);
  refuseWhileUp(shell.where, unit, reading, processes);
  const commands = fetchCommands(dataDir, await ownerOf(shell, reading));
  const bytes = Number((await shell.run(commands.size)).stdout.trim() || Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw unknownOutput(shell.where, 'stat', String(bytes));

  const limitMs = limits.dataLimitMs(bytes);
  return await intoNewFile(toPath, async (file) => {
    const say = paced(clock, progress);
    let takenBytes = 0;
    const take = async (chunk: Buffer) => {
      await file.appendFile(chunk);
      takenBytes += chunk.length;
      say(() => inMebibytes(takenBytes, bytes));
    };
    const came = await shell.stream(commands.read, { limitMs, take });
    const [hash, showAfter, filesAfter, processesAfter] = (
      await shell.session([commands.hash, ...unitLooks(unit), processLook], { limitMs })
    ).answers as [Answer, Answer, Answer, Answer];
    refuseWhileUp(shell.where, unit, parseUnit(shell.where, unit, showAfter, filesAfter), processesAfter);
    const expected = parseSha256(hash);
    if (came.bytes !== bytes || came.sha256 !== expected) {
      throw new OpsError(
        'HOST_COMMAND_FAILED',
        `The database of ${shell.where} came with ${came.bytes} bytes and sha256 ${came.sha256}, but has ${bytes} bytes and sha256 ${expected ?? 'unknown'} there: it was cut, or something writes to it.`,
        { details: { came, bytes, expected } },
      );
    }
    return came;
  });
}

function refuseWhileUp(
  where: string,
  unit: string,
  reading: { readonly activeState: string; readonly mainPid: number },
  processes: Answer,
): void {
  const pids = processes.stdout.split('\n').filter(Boolean).join(', ');
  if (isDown(reading) && pids === '') return;
  throw new OpsError(
    'HOST_COMMAND_FAILED',
    `The database of ${where} is not copied, because ${isDown(reading) ? `an etcd process runs (pid ${pids})` : `${unit} is ${reading.activeState}`}: the copy would be torn.`,
    { hint: 'Save a snapshot of the running member, or stop it first.' },
  );
}
