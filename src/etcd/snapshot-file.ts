/** Reads a snapshot file as it was streamed: from end to end, in pieces, with its trailer checked. */
import { OpsError } from '../errors.ts';
import { NotPlainFile, openPlain } from '../files/plain-file.ts';
import { trailerCheck } from './trailer.ts';
import type { TrailerVerdict } from './trailer.ts';

const readBytes = 1_024 * 1_024;

/**
 * Reads the whole file into one buffer again and again: a stream makes a new one for every piece, and a hundred of them wait for the collector.
 * @throws OpsError STORE_FAILED when it cannot be read, SNAPSHOT_INVALID when it is no plain file
 */
export async function readSnapshotFile(path: string): Promise<TrailerVerdict> {
  const check = trailerCheck();
  try {
    await using file = await openPlain(path);
    const buffer = Buffer.allocUnsafe(readBytes);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, readBytes, null);
      if (bytesRead === 0) break;
      check.update(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    if (error instanceof NotPlainFile) throw new OpsError('SNAPSHOT_INVALID', `${path} ${error.because}: only the file itself is taken.`);
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new OpsError('STORE_FAILED', `${path} could not be read (${code}).`, { cause: error });
  }
  return check.verdict();
}
