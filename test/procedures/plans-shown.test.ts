/** Plans of all procedures, where each has something to do. What a person copies is not changed: every command of every plan, and all that stands beside it, goes through concealing as it is. */
import { describe, expect, it } from 'vitest';
import { renderCommand } from '../../src/engine/command.ts';
import { createConceal } from '../../src/engine/conceal.ts';
import type { JournalEntry } from '../../src/engine/journal.ts';
import { verbs } from '../../src/procedures/index.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { dataOf, fullWorld } from './full-world.ts';
import { oneStopped } from './lost-quorum.ts';
import * as replacing from './replacing.ts';
import { quorumLost } from './restorable.ts';
import { input as undoInput, restoredWhileHealthy } from './undoable.ts';
import { v2Lost } from './v2-lost.ts';

interface Scene {
  readonly world: () => FakeWorld | Promise<FakeWorld>;
  readonly input?: Record<string, unknown>;
}

/** Where each procedure has something to do; a sound cluster where nothing is said. */
const scenes: Readonly<Record<string, Scene>> = {
  restore: { world: quorumLost },
  'recover-quorum': { world: oneStopped, input: { source: 'survivor' } },
  'replace-member': { world: replacing.fresh, input: { member: 'etcd03', healthy: true, 'discard-data': true } },
  undo: { world: restoredWhileHealthy, input: undoInput },
  'recover-space': { world: fullWorld },
  defragment: { world: fragmented },
  disarm: { world: emptied },
  'v2-restore': { world: v2Lost },
  start: { world: oneStopped },
  put: { world: sound('put'), input: { key: '/name/1', value: 'https://10.0.0.31:2380 user@host' } },
  'move-leader': { world: sound('move-leader'), input: { member: 'etcd02' } },
};
const conceal = createConceal(['never-in-a-plan']);
const procedures = verbs.filter((verb): verb is Procedure => verb.type === 'procedure');

function sound(procedure: string) {
  return () => fakeWorld({ run: `${procedure}-demo-7f3a9c` });
}

/** The alarm NOSPACE stands, and there is room again. */
function emptied(): FakeWorld {
  const world = fullWorld({ run: 'disarm-demo-7f3a9c' });
  for (const data of dataOf(world)) data.dbSizeBytes = 1_000_000;
  return world;
}

/** Every member has a gigabyte of free pages. */
function fragmented(): FakeWorld {
  const world = fullWorld({ run: 'defragment-demo-7f3a9c' });
  for (const data of dataOf(world)) data.dbSizeInUseBytes = 1_000_000_000;
  return world;
}

async function entriesOf(procedure: Procedure): Promise<readonly JournalEntry[]> {
  const { world, input = {} } = scenes[procedure.id] ?? { world: sound(procedure.id) };
  const run = fakeRun({ procedure, world: await world(), input, mode: 'plan' });
  await run.toEnd(() => undefined);
  return run.entries;
}

it.each(procedures)('a plan of $id that can go does not say that it would stop', async (procedure) => {
  const entries = await entriesOf(procedure);

  expect(entries.filter((entry) => entry.type === 'step-settled' && entry.stops === true)).toEqual([]);
});

describe('concealing', () => {
  it.each(procedures)('leaves the plan of $id as it is', async (procedure) => {
    const entries = await entriesOf(procedure);

    const commands = entries.flatMap((entry) => (entry.type === 'step-settled' ? (entry.plan ?? []).map(renderCommand) : []));
    const others = entries.map((entry) => JSON.stringify(entry));

    expect(commands.length, 'commands of the plan').toBeGreaterThan(0);
    expect([...commands, ...others].map(conceal)).toEqual([...commands, ...others]);
  });
});
