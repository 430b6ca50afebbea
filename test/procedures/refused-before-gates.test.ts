/** What `doctor` would have found never stops a run behind a gate: it is refused before one opens. What cannot be known is refused nowhere. */
import { describe, expect, it } from 'vitest';
import type { HostSight } from '../../src/host/sight.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restart } from '../../src/procedures/restart.ts';
import { restore } from '../../src/procedures/restore.ts';
import { start } from '../../src/procedures/start.ts';
import { stop } from '../../src/procedures/stop.ts';
import { undo } from '../../src/procedures/undo.ts';
import { v2Restore } from '../../src/procedures/v2-restore.ts';
import { changeLooks } from '../fakes/looks.ts';
import { fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { dataLost, stopped } from './lost-quorum.ts';
import { failed, input as replacing } from './replacing.ts';
import { quorumLost } from './restorable.ts';
import { input as undoing, restoredWhileHealthy } from './undoable.ts';
import { v2Lost } from './v2-lost.ts';

/** Everything is answered but what destroys: whoever comes to a gate has come too far. */
const upToGates: Answers = (gate) => (gate.kind === 'choice' ? { choose: 'survivor' } : undefined);

const moving: readonly (readonly [Procedure, () => FakeWorld | Promise<FakeWorld>, Record<string, unknown>])[] = [
  [restore, () => quorumLost(), {}],
  [recoverQuorum, () => dataLost('etcd02', 'etcd03'), {}],
  [replaceMember, () => failed(), replacing],
  [undo, () => restoredWhileHealthy(), undoing],
  [v2Restore, () => v2Lost(), {}],
];

/** Without a way that is named a plan ends at the choice. From a survivor its preflight needs the copy, which no plan makes. */
const planInput: Readonly<Record<string, Record<string, unknown>>> = { 'recover-quorum': { source: 'snapshot' } };

/** On etcd03, which is in all of these runs. */
const faults: readonly (readonly [string, (world: FakeWorld) => void, RegExp])[] = [
  [
    'a firewall swallows the client port',
    (world) => (world.machine('etcd03').ports = { client: 'no-answer' }),
    /etcd03: The client port .* something drops/,
  ],
  [
    'a firewall rejects the peer port',
    (world) => (world.machine('etcd03').ports = { peer: 'unreachable' }),
    /etcd03: The peer port .* cannot be reached/,
  ],
  [
    'the host calls the member otherwise',
    (world) => set(world, { settings: new Map([...settings(world), ['name', 'etcd-3']]) }),
    /etcd03: \/etc\/default\/etcd calls this member etcd-3/,
  ],
  [
    'the host has another peer URL',
    (world) => set(world, { settings: new Map([...settings(world), ['initial-advertise-peer-urls', 'https://10.9.9.9:2380']]) }),
    /etcd03: .* has initial-advertise-peer-urls https:\/\/10\.9\.9\.9:2380, and config\.yaml/,
  ],
  [
    'a second etcd runs there',
    (world) => set(world, { strangers: [4711] }),
    /etcd03: An etcd runs there that is of no entry of host\.json \(pid 4711\)/,
  ],
  [
    'the settings name another data-dir',
    (world) => set(world, { settingsProblem: 'etcd keeps its data in /var/x, and host.json says /data/etcd/data' }),
    /etcd03: etcd keeps its data in \/var\/x/,
  ],
  [
    'the settings are split over files',
    (world) => set(world, { unchangeableBecause: 'initial-cluster is set in two files' }),
    /etcd03: .* two files/,
  ],
  ['the data-dir is a link', (world) => set(world, { unmovableBecause: '/data/etcd/data is a symbolic link' }), /etcd03: .* symbolic link/],
  ['there is no tool', (world) => set(world, { tools: [] }), /etcd03: .* neither etcdutl nor etcdctl/],
  ['its owner allows looks alone', (world) => set(world, { allow: ['look'] }), /etcd03: The owner of the host does not allow/],
];

describe.each(moving.map(([procedure, world, input]) => ({ id: procedure.id, procedure, world, input })))(
  '$id',
  ({ procedure, world, input }) => {
    it.each(faults)('opens no gate where %s, and says so', async (_, spoil, because) => {
      const spoilt = await world();
      spoil(spoilt);

      const came = await fakeRun({ procedure, world: spoilt, input }).toEnd(upToGates);

      expect(came).toMatchObject({
        state: 'waiting',
        gate: { kind: 'failure', stepId: 'preflight', reason: expect.stringMatching(because) },
      });
      expect(spoilt.effects.log.filter((effect) => !/^(saveSnapshot|save|journal)/.test(effect))).toEqual([]);
    });

    it.each(faults)('says in its plan that it would stop where %s', async (_, spoil, because) => {
      const spoilt = await world();
      spoil(spoilt);
      const run = fakeRun({ procedure, world: spoilt, input: { ...input, ...planInput[procedure.id] }, mode: 'plan' });

      await run.toEnd(() => undefined);

      const stops = run.entries.filter((entry) => entry.type === 'step-settled' && entry.stops === true);
      expect(stops).toContainEqual(expect.objectContaining({ stepId: 'preflight', note: expect.stringMatching(because) }));
      expect(run.entries.at(-1)).toMatchObject({ outcome: 'planned', summary: expect.stringContaining('would not get past') });
    });
  },
);

describe('a restore', () => {
  it('is refused where a member that answers is another one than config.yaml says', async () => {
    const world = quorumLost({ members: 5 });
    changeLooks(world, (look) => ({
      ...look,
      members: look.members?.map((row) => (row.name === 'etcd01' ? { ...row, peerUrls: ['https://10.9.9.9:2380'] } : row)),
    }));

    const came = await fakeRun({ procedure: restore, world }).toEnd(() => undefined);

    expect(came).toMatchObject({
      gate: { kind: 'failure', reason: expect.stringContaining('etcd01: etcd has it at https://10.9.9.9:2380') },
    });
  });

  it.each<readonly [string, (world: FakeWorld) => void]>([
    ['nothing answers', (world) => [...world.site.machines.values()].forEach(({ unit }) => (unit.active = false))],
    [
      'a dead member is not in the member list any more',
      (world) => changeLooks(world, (look) => ({ ...look, members: look.members?.filter(({ name }) => name !== 'etcd03') })),
    ],
    [
      'a new host stands under the name of a dead member',
      (world) =>
        changeLooks(world, (look) => ({
          ...look,
          members: look.members?.map((row) => (row.name === 'etcd03' ? { ...row, peerUrls: ['https://10.9.9.9:2380'] } : row)),
        })),
    ],
    ['its settings are known only when it starts', (world) => set(world, { settings: new Map([['name', '%H']]) })],
  ])('comes to its gate where %s', async (_, change) => {
    const world = quorumLost();
    change(world);

    const came = await fakeRun({ procedure: restore, world }).toEnd(() => undefined);

    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'approval', stepId: 'replace-data' } });
  });
});

describe('where the owner does not allow it', () => {
  it.each<readonly [string, Procedure, () => FakeWorld | Promise<FakeWorld>, Record<string, unknown>]>([
    ['start', start, () => stopped('etcd03'), {}],
    ['stop', stop, () => fakeWorld(), {}],
    ['stop etcd03', stop, () => fakeWorld(), { member: 'etcd03' }],
    ['restart', restart, () => fakeWorld(), {}],
  ])('%s does not begin', async (_, procedure, make, input) => {
    const world = await make();
    set(world, { allow: ['look'] });

    const run = fakeRun({ procedure, world, input });
    await run.toEnd(() => undefined);

    expect(run.entries.at(-1)).toMatchObject({
      type: 'run-ended',
      summary: expect.stringMatching(/etcd03: The owner of the host does not allow stop-and-start/),
    });
    expect(world.effects.log).toEqual([]);
  });
});

describe('start', () => {
  it('does not begin where the unit would start etcd on other data', async () => {
    const world = await stopped('etcd03');
    set(world, { settingsProblem: 'etcd keeps its data in /var/x, and host.json says /data/etcd/data' });

    const run = fakeRun({ procedure: start, world });
    await run.toEnd(() => undefined);

    expect(run.entries.at(-1)).toMatchObject({ type: 'run-ended', summary: expect.stringContaining('/var/x') });
    expect(world.effects.log).toEqual([]);
  });

  it('goes on where a port is dropped, a tool is missing and a second etcd runs: it moves nothing', async () => {
    const world = await stopped('etcd03');
    set(world, { tools: [], strangers: [1] });
    world.machine('etcd03').ports = { peer: 'no-answer' };

    expect(await fakeRun({ procedure: start, world }).toEnd(() => undefined)).toEqual({ state: 'ended', outcome: 'completed' });
  });
});

function set(world: FakeWorld, seen: Partial<HostSight>): void {
  const machine = world.machine('etcd03');
  machine.seen = { ...machine.seen, ...seen };
}

function settings(world: FakeWorld): readonly (readonly [string, string])[] {
  const { member, address, peerUrl } = world.machine('etcd03');
  return [
    ['name', member],
    ['initial-advertise-peer-urls', peerUrl],
    ['advertise-client-urls', `https://${address}:2379`],
  ];
}
