/** Makes a new file on the machine of the bot, whole or not at all. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { OpsError } from '../errors.ts';

/** O_EXCL, mode 0600, on the disk before it counts; removed when `fill` fails. @throws OpsError STORE_FAILED, and whatever OpsError `fill` throws */
export async function intoNewFile<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw storeFailed(path, error);
  });
  try {
    const result = await fill(file);
    await file.sync();
    await file.close();
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error instanceof OpsError ? error : storeFailed(path, error);
  }
}

function storeFailed(path: string, cause: unknown): OpsError {
  const because = cause instanceof Error ? cause.message : String(cause);
  return new OpsError('STORE_FAILED', `${path} could not be written on the machine of the bot: ${because}.`, { cause });
}
