/** Keeps room on a disk of this machine while what comes from outside is written to it: a full one would stop the bot, and often Redis with it. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';
import { bytesInWords } from '../engine/words.ts';

/** What always stays free. */
export const reserveBytes = 256 * 1_048_576;
/** The disk is asked anew whenever this much more was written: others write to it, too. */
const lookEveryBytes = 32 * 1_048_576;

/** Bytes that this user may still write in a directory. */
export type FreeBytes = (directory: string) => Promise<number>;

/** Asks the file system. */
export const freeBytesOf: FreeBytes = async (directory) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};

/** Watches over one file while it is written. */
export interface Room {
  /** Before the first byte. @throws OpsError STORE_FAILED when the reserve would not stay free beside so many bytes */
  demand(neededBytes: number): Promise<void>;
  /** Before each piece. @throws OpsError STORE_FAILED when others have taken the room meanwhile */
  take(pieceBytes: number): Promise<void>;
}

/** @param path the file that is written @param what for sentences: `the snapshot` */
export function roomFor(path: string, what: string, freeBytes: FreeBytes = freeBytesOf): Room {
  const directory = dirname(path);
  let unasked = lookEveryBytes;
  const free = async () => {
    try {
      return await freeBytes(directory);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new OpsError('STORE_FAILED', `What is free in ${directory} could not be seen (${code}).`, { cause: error });
    }
  };
  return {
    async demand(neededBytes) {
      const has = await free();
      if (has >= neededBytes + reserveBytes) return;
      throw new OpsError(
        'STORE_FAILED',
        `${directory} has ${bytesInWords(has)} free. ${what} needs ${bytesInWords(neededBytes)}, and ${bytesInWords(reserveBytes)} must stay free.`,
        { hint: 'Make room there, then press Retry.' },
      );
    },
    async take(pieceBytes) {
      unasked += pieceBytes;
      if (unasked < lookEveryBytes) return;
      unasked = 0;
      const has = await free();
      if (has - pieceBytes >= reserveBytes) return;
      throw new OpsError(
        'STORE_FAILED',
        `${directory} has only ${bytesInWords(has)} free by now, and ${bytesInWords(reserveBytes)} must stay free: ${what} was not written to its end.`,
        { hint: 'Make room there, then press Retry.' },
      );
    },
  };
}
