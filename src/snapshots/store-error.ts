/** Turns what the file system throws into an OpsError of the store. */
import { OpsError, isOpsError } from '../errors.ts';

/** `ENOSPC`, `EACCES` … of what the file system threw. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * Does something with files. @param what as the end of `could not …`: `list /var/backups/prod`
 * @throws OpsError STORE_FAILED for whatever the file system throws; an OpsError passes as it is
 */
export async function withStore<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isOpsError(error)) throw error;
    throw new OpsError('STORE_FAILED', `Could not ${what} (${systemCode(error)}).`, { cause: error });
  }
}
