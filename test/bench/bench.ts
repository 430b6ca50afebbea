/** `npm run bench`: what the bot costs and saves against a script of the same commands (docs/benchmark.md). */
import { mkdir } from 'node:fs/promises';
import { cacheDir } from '../lab/paths.ts';
import { machineFacts } from './machine.ts';
import { createMeasurement } from './measure.ts';
import type { Gathered } from './measure.ts';
import { optionsOf } from './options.ts';
import type { Options } from './options.ts';
import { readBench, writeResults } from './results-file.ts';
import { markdownOf } from './table.ts';

const interruptedExitCode = 130;
const usageExitCode = 2;

/** On stderr: stdout is for the table. */
function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** Measures what was asked for. Gives 0 when all of it could be measured, whether the targets are met or not. */
async function measure(options: Options): Promise<number> {
  const begin = Date.now();
  await mkdir(cacheDir(), { recursive: true });
  const machine = await machineFacts({ disk: cacheDir(), etcd: options.etcd });
  const gathered: Gathered = { figures: [], skipped: [], failed: [], etcd: machine.etcd };
  const save = () => {
    const { figures, skipped, failed, etcd } = gathered;
    const tookSeconds = Math.round((Date.now() - begin) / 1_000);
    const startedAt = new Date(begin).toISOString();
    const now = { machine: { ...machine, etcd }, runs: options.runs, startedAt, tookSeconds, figures, skipped, failed };
    return writeResults(now, options);
  };
  const measurement = createMeasurement({ options, gathered, disk: cacheDir(), say, save });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      say('taking everything down …');
      void measurement.down().finally(() => process.exit(interruptedExitCode));
    });
  await measurement.run();
  process.stdout.write(markdownOf(await save()));
  say(`written to ${options.out}`);
  return gathered.failed.length === 0 ? 0 : 1;
}

async function render({ out }: Options): Promise<number> {
  const bench = await readBench(out);
  if (bench === undefined) throw new Error(`there is no bench.json in ${out}`);
  process.stdout.write(markdownOf(bench));
  return 0;
}

/** Undefined when the words are wrong: then the usage is said. */
function wordsOf(argv: readonly string[]): Options | undefined {
  try {
    return optionsOf(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

const options = wordsOf(process.argv.slice(2));
process.exitCode = options === undefined ? usageExitCode : await (options.render ? render : measure)(options);
