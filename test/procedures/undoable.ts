/** Clusters in memory on which something was put back a moment ago, for the tests of the undo. */
import { expect } from 'vitest';
import { RunId } from '../../src/ids.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld, forRun } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { endingOf } from './ending.ts';
import { picking } from './lost-quorum.ts';
import { keepOld } from './restorable.ts';

export const restoreRun = RunId.parse('restore-demo-7f3a9c');
export const recoveryRun = RunId.parse('recover-quorum-demo-7f3a9c');
export const undoRun = RunId.parse('undo-demo-aaaaaa');
/** The words of most undos. */
export const input = { run: restoreRun };
/** Effects that need an approval. */
export const gated = ['stopAndMask', 'returnAside', 'deleteAside'];

/** Carries a run out and remembers it, as the queue does. Gives the same world as the next run finds it. */
export async function afterRun(
  world: FakeWorld,
  {
    procedure,
    input = {},
    answers = keepOld,
    next = undoRun,
  }: { procedure: Procedure; input?: Record<string, unknown>; answers?: Answers; next?: RunId },
): Promise<FakeWorld> {
  const run = fakeRun({ procedure, world, input });
  await run.toEnd(answers);
  world.past.set(run.run.runId, { run: run.run, entries: run.entries });
  return fresh(forRun(world, next));
}

/** What was done to get there does not count as an effect of what comes. */
export function fresh(world: FakeWorld): FakeWorld {
  world.effects.log.splice(0);
  world.effects.begun = 0;
  return world;
}

/** A snapshot at revision 7, and one more write, at revision 8, that it does not have. */
export async function writtenOnce(run: string = restoreRun, members = 3): Promise<FakeWorld> {
  const world = fakeWorld({ run, members });
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data to keep');
  world.snapshots.keep(data, new Date(world.clock.now().getTime() - 12 * 60_000));
  await world.etcd.put('/name/2', 'after the snapshot');
  await world.ledger.observe(8n);
  return fresh(world);
}

/** The snapshot was put back although the cluster was well; then somebody wrote. */
export async function restoredWhileHealthy(members = 3): Promise<FakeWorld> {
  const world = await afterRun(await writtenOnce(restoreRun, members), { procedure: restore, input: { 'while-healthy': true } });
  await world.etcd.put('/name/3', 'after the restore');
  return fresh(world);
}

/** Data was lost on some, so the snapshot was put back. */
export async function restoredAfterLoss(...members: string[]): Promise<FakeWorld> {
  const world = await writtenOnce();
  for (const member of members) world.loseData(member);
  return afterRun(world, { procedure: restore, input: { 'while-healthy': true } });
}

/** All were stopped, and somebody rebuilt from one of them instead of starting them. */
export async function recoveredFromSurvivor(): Promise<FakeWorld> {
  const world = await writtenOnce(recoveryRun);
  for (const { unit } of world.site.machines.values()) unit.active = false;
  return afterRun(world, { procedure: recoverQuorum, input: { source: 'survivor' }, answers: picking('survivor') });
}

/** The value of a key in every data-dir. */
export function everywhere(world: FakeWorld, key: string): (string | undefined)[] {
  return [...world.site.machines.values()].map((machine) => machine.dirs.get(world.site.dataDir)?.data?.keys.get(key)?.value);
}

/** The clusters that the data-dirs belong to, by their tokens. */
export function tokensOf(world: FakeWorld): (string | undefined)[] {
  return [...world.site.machines.values()].map((machine) => machine.dirs.get(world.site.dataDir)?.data?.token);
}

/** What a refused undo says: the reason, and what to do instead. */
export async function refusal(world: FakeWorld, run: RunId = restoreRun): Promise<string> {
  const before = [...world.site.machines.values()].map(({ dirs }) => [...dirs.keys()]);
  const { outcome, summary } = await endingOf(undo, world, { run });
  expect(outcome).toBe('failed');
  expect(world.effects.log).toEqual([]);
  expect([...world.site.machines.values()].map(({ dirs }) => [...dirs.keys()])).toEqual(before);
  return summary;
}
