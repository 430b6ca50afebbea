/** Measures the cases, size by size: those that can share a cluster do, and after a failure the next one gets a new cluster. */
import type { Case } from './cases/index.ts';
import type { Absence, Figure } from './figures.ts';
import { fillGround } from './fill-ground.ts';
import { makeGround } from './ground.ts';
import type { Ground } from './ground.ts';
import { whyTooBig } from './machine.ts';
import type { Options } from './options.ts';
import { sizeInWords } from './table.ts';

/** What there is so far. */
export interface Gathered {
  readonly figures: Figure[];
  readonly skipped: Absence[];
  readonly failed: Absence[];
  /** etcd's full version, once a member has said it. */
  etcd: string;
}

interface MeasureDeps {
  readonly options: Pick<Options, 'cases' | 'sizes' | 'runs' | 'etcd' | 'network'>;
  readonly gathered: Gathered;
  /** The directory whose disk holds hosts and snapshots. */
  readonly disk: string;
  readonly say: (text: string) => void;
  /** Called after each case. */
  readonly save: () => Promise<unknown>;
}

/** Measures; `down` takes down what is up at that moment, for when somebody ends the program. */
export function createMeasurement(deps: MeasureDeps): { run(): Promise<void>; down(): Promise<void> } {
  const { options, gathered, disk, say, save } = deps;
  let ground: Ground | undefined;
  const down = async () => {
    const last = ground;
    ground = undefined;
    await last?.down();
  };

  const measure = async (one: Case, megabytes: number) => {
    const title = `${one.id}${one.sizes === 'once' ? '' : `, ${sizeInWords(megabytes)}`}`;
    const named = nameOf(one, megabytes);
    try {
      if (ground === undefined) {
        say(`hosts with etcd ${options.etcd}, network ${options.network}, ${sizeInWords(megabytes)} of data …`);
        ground = await makeGround(options);
        await fillGround(ground, megabytes, one.filling);
        gathered.etcd = await versionOf(ground);
      }
      say(`${title} …`);
      const rows = await one.measure({ ground, megabytes, runs: options.runs, say: (text) => say(`  ${title}, ${text}`) });
      const measuredAt = new Date().toISOString();
      gathered.figures.push(...rows.map((row) => ({ ...named, ...row, measuredAt })));
    } catch (error) {
      const because = reasonOf(error);
      say(`${title}: FAILED: ${because}`);
      gathered.failed.push({ ...named, because });
      await down();
    }
    await save();
  };

  return {
    down,
    async run() {
      for (const megabytes of options.sizes) {
        for (const group of groupsOf(options, megabytes)) {
          const tooBig = await whyTooBig(megabytes, disk);
          if (tooBig === undefined) for (const one of group) await measure(one, megabytes);
          else {
            say(`${group.map(({ id }) => id).join(', ')}, ${sizeInWords(megabytes)}: skipped, ${tooBig}`);
            gathered.skipped.push(...group.map((one) => ({ ...nameOf(one, megabytes), because: tooBig })));
          }
          await down();
        }
      }
    },
  };
}

const longestReason = 600;

/** With what caused it: a wait that was given up says there what stood in the way. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, longestReason);
  const cause = error.cause === undefined ? '' : ` (${reasonOf(error.cause)})`;
  return `${error.message}${cause}`.slice(0, longestReason);
}

/** Cases that can share a filled cluster. */
function groupsOf({ cases, sizes }: MeasureDeps['options'], megabytes: number): readonly (readonly Case[])[] {
  const wanted = cases.filter((one) => one.sizes === 'each' || megabytes === sizes[0]);
  const groups = (['keys', 'revisions'] as const).map((filling) => wanted.filter((one) => one.filling === filling));
  return groups.filter((group) => group.length > 0);
}

function nameOf({ id, sizes }: Case, megabytes: number): { readonly case: string; readonly megabytes?: number } {
  return sizes === 'once' ? { case: id } : { case: id, megabytes };
}

async function versionOf({ stage }: Ground): Promise<string> {
  const { stdout } = await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json']);
  return (JSON.parse(stdout) as { readonly Status: { readonly version: string } }[])[0]?.Status.version ?? stage.lab.etcd;
}
