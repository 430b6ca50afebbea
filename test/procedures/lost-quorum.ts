/** Clusters in memory that have lost their quorum, each in its own way, for the tests of the way back. */
import type { Gate } from '../../src/engine/journal.ts';
import { approveAll } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

export const run = 'recover-quorum-demo-7f3a9c';
export const gated = ['stopAndMask', 'swapDataDir', 'deleteAside'];

/** A backup at revision 7; then one more write, at revision 8, that only the cluster has. */
export async function written(members = 3): Promise<FakeWorld> {
  const world = fakeWorld({ run, members });
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data to keep');
  world.snapshots.keep(data, new Date(world.clock.now().getTime() - 12 * 60_000));
  await world.etcd.put('/name/2', 'after the backup');
  await world.ledger.observe(8n);
  world.effects.log.splice(0);
  return world;
}

/** The effects of a test's own breaking do not count. */
function fresh(world: FakeWorld): FakeWorld {
  world.effects.begun = 0;
  return world;
}

export async function dataLost(...members: string[]): Promise<FakeWorld> {
  const world = await written(members.includes('etcd05') ? 5 : 3);
  for (const member of members) world.loseData(member);
  return fresh(world);
}

export async function stopped(...members: string[]): Promise<FakeWorld> {
  const world = await written();
  for (const member of members) world.machine(member).unit.active = false;
  return fresh(world);
}

/** The survivor's etcd is stopped, the others' data is gone. */
export async function oneStopped(): Promise<FakeWorld> {
  const world = await dataLost('etcd02', 'etcd03');
  world.machine('etcd01').unit.active = false;
  return world;
}

/** Two lose their data; the host of one of them goes off. */
export async function oneHostOff(): Promise<FakeWorld> {
  const world = await dataLost('etcd02', 'etcd03');
  world.machine('etcd03').powered = false;
  return world;
}

export function valuesOf(world: FakeWorld, key = '/name/2', members = [...world.site.machines.keys()]): (string | undefined)[] {
  return members.map((member) => world.machine(member).dirs.get(world.site.dataDir)?.data?.keys.get(key)?.value);
}

/** Picks a way, approves what is attested and destroyed, and keeps the old data. */
export function picking(way: string): Answers {
  return (gate) => {
    if (gate.kind === 'choice') return { choose: way };
    return gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate);
  };
}

export function gateOf(came: { readonly state: string; readonly gate?: Gate }): Gate {
  if (came.gate === undefined) throw new Error(`no gate: ${came.state}`);
  return came.gate;
}

/** When a cluster gives no answer in time: after so many looks more, for so many. */
export interface Silence {
  after: number;
  looks: number;
}

/** A cluster that is slow when the test says so; it may be changed on the way. */
export function silentFor(world: FakeWorld, silence: Silence): FakeWorld {
  const look: FakeWorld['etcd']['look'] = async () => {
    const seen = await world.etcd.look();
    if (silence.after-- > 0 || silence.looks-- <= 0) return seen;
    const silent = { answers: false, reason: 'no answer within 2 s', code: 'timeout' } as const;
    return {
      ...seen,
      endpoints: seen.endpoints.map(({ member, endpoint }) => ({ member, endpoint, ...silent })),
      quorum: { ...seen.quorum, answering: 0, holds: false },
      revision: undefined,
    };
  };
  return { ...world, etcd: { ...world.etcd, look } };
}
