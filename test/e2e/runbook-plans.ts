/** The commands of the runbooks' parts by hand: each block under a mark is what the program on a host answers to `plan`. */
import { globSync, readFileSync } from 'node:fs';
import { renderCommand } from '../../src/engine/command.ts';
import type { Host, HostAct } from '../../src/host/host.ts';
import { RunId } from '../../src/ids.ts';
import type { Ground } from './hand-run.ts';
import { settleBy } from './own-settings.ts';
import { commandOf } from './typed-by-hand.ts';

/** The run that is gone back from, and the undo of it. */
const run = RunId.parse('restore-demo-aaaaaa');
const undo = RunId.parse('undo-demo-bbbbbb');
const dataDir = '/data/etcd/data';

interface Block {
  readonly of: RunId;
  readonly acts: readonly HostAct[];
  readonly after?: readonly HostAct[];
}

const fence = { act: 'fence' } as const;
const swap = { act: 'swap' } as const;
const swapped = [fence, swap];
const start = { act: 'unmask-start' } as const;

/** By the word in a page's mark, `<!-- plan: stop for good -->`. */
const blocks: Readonly<Record<string, Block>> = {
  'stop for good': { of: run, acts: [fence] },
  swap: { of: run, acts: [swap], after: [fence] },
  'put aside': { of: run, acts: [{ act: 'put-aside' }], after: [fence] },
  start: { of: run, acts: [start], after: swapped },
  'go back': { of: run, acts: [{ act: 'put-back', earlier: run }, start], after: swapped },
  undo: { of: undo, acts: [{ act: 'put-back', earlier: run }], after: [fence] },
  'delete aside': { of: run, acts: [{ act: 'delete-aside' }], after: swapped },
  'remove what was put there': { of: run, acts: [{ act: 'remove-scratch' }, { act: 'remove-restored' }] },
  flag: { of: run, acts: [{ act: 'v2-force' }, start], after: swapped },
  'flag away': { of: run, acts: [{ act: 'v2-unforce' }], after: [...swapped, { act: 'v2-force' }, start] },
};

/** What lies on the host while it is asked: a snapshot and restored data of the run, and for the undo what that run moved aside. */
const scene = (of: RunId) => {
  const made = `${dataDir}.${run}.${of === run ? 'new' : 'old'}`;
  return `rm -rf ${dataDir}.*; touch ${dataDir}.${of}.snapshot; install -d -o etcd -g etcd -m 700 ${made} ${made}/member`;
};

/** Every block as the first host of the lab has it, by its word. */
async function plansOf({ lab, inWorld }: Ground): Promise<ReadonlyMap<string, string>> {
  const plans = new Map<string, string>();
  for (const [word, { of, acts, after }] of Object.entries(blocks)) {
    await lab.hosts[0]?.exec(['sh', '-c', scene(of)]);
    plans.set(word, await inWorld(of, ({ hosts: [host] }) => planned(host, acts, after)));
  }
  return plans;
}

async function planned(host: Host | undefined, acts: readonly HostAct[], after: readonly HostAct[] = []): Promise<string> {
  if (host === undefined) throw new Error('the lab has no host');
  const commands = (await host.plan(acts, after)).flat();
  return commands.map((command) => inPlaceholders(commandOf(renderCommand(command)))).join('\n');
}

function inPlaceholders(command: string): string {
  return command
    .replaceAll(undo, '$U')
    .replaceAll(run, '$R')
    .replaceAll(dataDir, '$DIR')
    .replaceAll(/ \/data\/etcd$/g, ' $(dirname $DIR)');
}

/** The commands of a page's block, as they stand there. */
export function markedBlock(procedure: string, word: string): string {
  const page = readFileSync(`docs/runbooks/${procedure}.md`, 'utf8');
  const found = [...page.matchAll(marked)].find(([, , words]) => words === word);
  if (found === undefined) throw new Error(`${procedure}.md has no block “${word}”`);
  return found[3] ?? '';
}

const marked = /(<!-- plan: ([a-z ,]+) -->\n```\n)([\s\S]*?)(```)/g;

/** Every page as it is to be, by its path: with the plans of a host as Debian sets it up, and of one with a unit file of its own. */
export async function pagesAsPlanned(ground: Ground): Promise<Readonly<Record<string, string>>> {
  const plain = await plansOf(ground);
  await ground.lab.host('etcd01').exec(['sh', '-c', `rm -rf ${dataDir}.*`]);
  await settleBy(ground.lab, 'etcd01', 'flags');
  const ownUnit = await plansOf(ground);
  return Object.fromEntries(globSync('docs/runbooks/*.md').map((page) => [page, filled(page, plain, ownUnit)]));
}

/** `own unit file, …` is of a host whose unit file is its own. */
function filled(path: string, plans: ReadonlyMap<string, string>, ownUnit: ReadonlyMap<string, string>): string {
  return readFileSync(path, 'utf8').replaceAll(marked, (_all, head: string, words: string, _old: string, end: string) => {
    const [first = '', ...rest] = words.split(', ');
    const isOwn = first === 'own unit file';
    const lines = (isOwn ? rest : [first, ...rest]).map((word) => (isOwn ? ownUnit : plans).get(word) ?? `there is no plan “${word}”`);
    return `${head}${lines.join('\n')}\n${end}`;
  });
}
