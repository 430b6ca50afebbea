/** bench.json and bench.md: written after every case, so that a run that is cut loses one case at most. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Results, withEarlier } from './figures.ts';
import { markdownOf } from './table.ts';

/** Writes both. @param keep whether earlier results of cases that were not measured now stay. Gives what was written */
export async function writeResults(directory: string, now: Results, keep: boolean): Promise<Results> {
  const earlier = keep ? await readResults(directory) : undefined;
  const results = earlier === undefined ? now : withEarlier(earlier, now);
  await mkdir(directory, { recursive: true });
  await replace(join(directory, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
  await replace(join(directory, 'bench.md'), markdownOf(results));
  return results;
}

/** Reads bench.json; undefined when there is none. @throws Error when it is none of ours */
export async function readResults(directory: string): Promise<Results | undefined> {
  const text = await readFile(join(directory, 'bench.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Results.parse(JSON.parse(text));
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}
