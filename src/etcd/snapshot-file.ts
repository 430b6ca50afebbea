/** Reads a snapshot file as it was streamed: from end to end, in pieces, with its trailer checked. */
import { createReadStream } from 'node:fs';
import { OpsError } from '../errors.ts';
import { trailerCheck } from './trailer.ts';
import type { TrailerVerdict } from './trailer.ts';

const readBytes = 1_024 * 1_024;

/**
 * Reads the whole file; memory stays flat.
 * @throws OpsError STORE_FAILED when it cannot be read
 */
export async function readSnapshotFile(path: string): Promise<TrailerVerdict> {
  const check = trailerCheck();
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) check.update(chunk as Buffer);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new OpsError('STORE_FAILED', `${path} could not be read (${code}).`, { cause: error });
  }
  return check.verdict();
}
