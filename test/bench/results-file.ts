/** bench.json and bench.md: written after every case, so that a run that is cut loses one case at most. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench, withEarlier } from './figures.ts';
import type { Results } from './figures.ts';
import type { Options } from './options.ts';
import { markdownOf } from './table.ts';

/** Writes both: the results of one network, beside what there is of the others. Gives what was written. */
export async function writeResults(now: Results, { out, network, keep }: Pick<Options, 'out' | 'network' | 'keep'>): Promise<Bench> {
  const bench = await readBench(out);
  const earlier = keep ? bench?.[network] : undefined;
  const next: Bench = { ...bench, [network]: earlier === undefined ? now : withEarlier(earlier, now) };
  await mkdir(out, { recursive: true });
  await replace(join(out, 'bench.json'), `${JSON.stringify(next, null, 2)}\n`);
  await replace(join(out, 'bench.md'), markdownOf(next));
  return next;
}

/** Reads bench.json; undefined when there is none. @throws Error when it is none of ours */
export async function readBench(directory: string): Promise<Bench | undefined> {
  const text = await readFile(join(directory, 'bench.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Bench.parse(JSON.parse(text));
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}
