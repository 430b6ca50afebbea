/** The grain of a file's times: some milliseconds before Linux 6.13, so a write may leave them as the one before did. */
import { rm, stat, writeFile } from 'node:fs/promises';
import { waitUntil } from '../lab/wait.ts';

/** Waits until a write is told from the last one to this file by its time. */
export async function anotherGrain(path: string): Promise<void> {
  const last = await changedAt(path);
  const probe = `${path}.probe`;
  const isAnother = async () => {
    await writeFile(probe, 'x');
    return (await changedAt(probe)) !== last;
  };
  await waitUntil(isAnother, { for: `a time other than that of ${path}`, withinMs: 10_000, everyMs: 1 });
  await rm(probe);
}

async function changedAt(path: string): Promise<bigint> {
  return (await stat(path, { bigint: true })).ctimeNs;
}
