/** `npm run bench`: what the bot costs and saves against a script of the same commands (docs/benchmark.md). */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../lab/paths.ts';
import type { Case } from './cases/index.ts';
import { Results, withEarlier } from './figures.ts';
import type { Absence, Figure } from './figures.ts';
import { fillGround } from './fill-ground.ts';
import { makeGround } from './ground.ts';
import type { Ground } from './ground.ts';
import { machineFacts, whyTooBig } from './machine.ts';
import { optionsOf } from './options.ts';
import type { Options } from './options.ts';
import { markdownOf, sizeInWords } from './table.ts';

const begin = Date.now();
const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

/** The ground that is up. */
let current: Ground | undefined;

/** What there is so far. */
interface Gathered {
  readonly figures: Figure[];
  readonly skipped: Absence[];
  readonly failed: Absence[];
}

async function main(options: Options): Promise<number> {
  await mkdir(cacheDir(), { recursive: true });
  const gathered: Gathered = { figures: [], skipped: [], failed: [] };
  const machine = await machineFacts({ disk: cacheDir(), etcd: options.etcd });
  let etcd = machine.etcd;
  const save = async () => {
    const now = {
      machine: { ...machine, etcd },
      runs: options.runs,
      startedAt: new Date(begin).toISOString(),
      tookSeconds: Math.round((Date.now() - begin) / 1_000),
      ...gathered,
    };
    return await write(options, now);
  };

  for (const megabytes of options.sizes) {
    for (const group of groupsOf(options, megabytes)) {
      const tooBig = await whyTooBig(megabytes, cacheDir());
      if (tooBig !== undefined) {
        for (const one of group) gathered.skipped.push({ ...nameOf(one, megabytes), because: tooBig });
        say(`${sizeInWords(megabytes)}: skipped, ${tooBig}`);
        continue;
      }
      etcd = await measureGroup(options, group, megabytes, gathered, save);
    }
  }
  const results = await save();
  process.stdout.write(markdownOf(results));
  return gathered.failed.length === 0 ? 0 : 1;
}

/** Cases that can share a filled cluster. */
function groupsOf({ cases, sizes }: Options, megabytes: number): readonly (readonly Case[])[] {
  const wanted = cases.filter((one) => one.sizes === 'each' || megabytes === sizes[0]);
  return [wanted.filter(({ filling }) => filling === 'keys'), wanted.filter(({ filling }) => filling === 'revisions')].filter(
    (group) => group.length > 0,
  );
}

function nameOf({ id, sizes }: Case, megabytes: number): { readonly case: string; readonly megabytes?: number } {
  return sizes === 'once' ? { case: id } : { case: id, megabytes };
}

/** Measures them one after the other; after a failure the next begins on new ground. Gives etcd's full version. */
async function measureGroup(
  { etcd, runs }: Options,
  group: readonly Case[],
  megabytes: number,
  gathered: Gathered,
  save: () => Promise<unknown>,
): Promise<string> {
  let version: string = etcd;
  for (const one of group) {
    const named = nameOf(one, megabytes);
    const title = `${one.id}${one.sizes === 'once' ? '' : `, ${sizeInWords(megabytes)}`}`;
    try {
      if (current === undefined) {
        say(`hosts with etcd ${etcd}, ${sizeInWords(megabytes)} of data …`);
        current = await makeGround(etcd);
        await fillGround(current, megabytes, one.filling);
      }
      const ground = current;
      version = await versionOf(ground);
      say(`${title} …`);
      const rows = await one.measure({ ground, megabytes, runs, say: (text) => say(`  ${title}, ${text}`) });
      const measuredAt = new Date().toISOString();
      gathered.figures.push(...rows.map((row) => ({ ...named, ...row, measuredAt })));
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      say(`${title}: FAILED: ${because}`);
      gathered.failed.push({ ...named, because: because.slice(0, 2_000) });
      await leaveGround();
    }
    await save();
  }
  await leaveGround();
  return version;
}

async function leaveGround(): Promise<void> {
  await current?.down();
  current = undefined;
}

async function versionOf({ stage }: Ground): Promise<string> {
  const { stdout } = await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json']);
  return (JSON.parse(stdout) as { readonly Status: { readonly version: string } }[])[0]?.Status.version ?? stage.lab.etcd;
}

/** Writes both files; earlier results of other cases stay when only some were asked for. */
async function write({ out, keep }: Options, now: Results): Promise<Results> {
  const earlier = keep ? await readResults(out) : undefined;
  const results = earlier === undefined ? now : withEarlier(earlier, now);
  await mkdir(out, { recursive: true });
  for (const [name, text] of [
    ['bench.json', `${JSON.stringify(results, null, 2)}\n`],
    ['bench.md', markdownOf(results)],
  ] as const) {
    await writeFile(join(out, `${name}.next`), text);
    await rename(join(out, `${name}.next`), join(out, name));
  }
  return results;
}

async function readResults(out: string): Promise<Results | undefined> {
  const text = await readFile(join(out, 'bench.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Results.parse(JSON.parse(text));
}

async function render({ out }: Options): Promise<number> {
  const results = await readResults(out);
  if (results === undefined) throw new Error(`there is no bench.json in ${out}`);
  process.stdout.write(markdownOf(results));
  return 0;
}

/** Whatever is up when a signal comes is taken down. The lab would go by itself; Redis, the Slack server and their files would not. */
function endOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      say('taking everything down …');
      void (current?.down() ?? Promise.resolve()).finally(() => process.exit(130));
    });
}

const options = optionsOf(process.argv.slice(2));
endOnSignal();
process.exitCode = await (options.render ? render : main)(options);
