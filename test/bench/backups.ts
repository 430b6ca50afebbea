/** The bot's stored snapshots: gigabytes, of which a benchmark needs one. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ground } from './ground.ts';

function directoryOf({ stage }: Pick<Ground, 'stage'>): string {
  return join(stage.directory, 'backups', 'demo');
}

/** Deletes all but the newest; gives its file. @throws Error when there is none */
export async function keepNewestBackup(ground: Pick<Ground, 'stage'>): Promise<string> {
  const directory = directoryOf(ground);
  const files = await readdir(directory);
  const newest = files
    .filter((file) => file.endsWith('.db'))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw new Error('the bot has stored no snapshot');
  const kept = newest.slice(0, -'.db'.length);
  await Promise.all(files.filter((file) => !file.startsWith(kept)).map((file) => rm(join(directory, file))));
  return join(directory, newest);
}
