/** The small acts that make what is stored survive a cut: whole files, names that reach the disk, a name that only one can claim. */
import { chmod, link, mkdir, open, rm } from 'node:fs/promises';
import { systemCode } from './store-error.ts';

/** A new file with this text, mode 0600, on the disk. */
export async function writeSynced(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file a second name, which must not be there yet. @returns whether it was free */
export async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes a directory for what nobody else may read. */
export async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Snapshots hold all data and the password hashes: also when somebody made the directory by hand.
  await chmod(directory, 0o700);
}

/** Makes the directory of all clusters where it is missing; one that is there, a mounted disk, keeps the mode it was given. */
export async function makeTopDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** Names reach the disk when their directory does. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
