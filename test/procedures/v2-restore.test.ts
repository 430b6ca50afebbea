import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { MemberName } from '../../src/ids.ts';
import { v2Restore } from '../../src/procedures/v2-restore.ts';
import { changeLooks, withSlow } from '../fakes/looks.ts';
import { copyOf } from '../fakes/machine.ts';
import { otherwise } from '../fakes/otherwise.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { failsToStart } from './failed-unit.ts';
import { v2Lost } from './v2-lost.ts';

const served = (world: FakeWorld) =>
  [...world.site.machines.values()].map(({ dirs, unit, force }) => {
    const data = dirs.get(world.site.dataDir)?.data;
    return [data?.v2Keys.get('/name/2'), data?.keys.size, unit.active && !unit.masked, force.set || force.runs];
  });

const gated = ['stopAndMask', 'swapDataDir', 'putDataAside', 'deleteAside'];
const keepOld: Answers = (gate) => (gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate));

describeCrashPoints({
  procedure: v2Restore,
  world: () => v2Lost(),
  gated,
  restored: async (world) => {
    expect(served(world)).toEqual(Array.from({ length: 3 }, () => ['two', 0, true, false]));
    const { members = [] } = await world.etcd.look();
    expect(members.map(({ name, isLearner, peerUrls }) => [name, isLearner, peerUrls[0]])).toEqual([
      ['etcd01', false, 'https://198.51.100.1:2380'],
      ['etcd02', false, 'https://198.51.100.2:2380'],
      ['etcd03', false, 'https://198.51.100.3:2380'],
    ]);
    for (const { settings } of world.site.machines.values()) expect(settings.initialClusterState).toBe('existing');
  },
});

describeCrashPoints({
  procedure: v2Restore,
  world: () => v2Lost({ members: 1 }),
  answers: keepOld,
  gated,
  restored: (world) => {
    expect(served(world)).toEqual([['two', 0, true, false]]);
    expect(world.machine('etcd01').dirs.has('/data/etcd/data.v2-restore-demo-7f3a9c.old')).toBe(true);
  },
});

describeCrashPoints({
  procedure: v2Restore,
  world: () => v2Lost(),
  answers: (gate) => (gate.kind === 'approval' ? 'reject' : undefined),
  outcome: 'rejected',
  gated,
  restored: (world) => {
    expect(world.machine('etcd01').unit).toEqual({ active: true, masked: false });
    for (const { dirs, files, force } of world.site.machines.values()) {
      expect([...dirs.keys(), ...files.keys()].filter((path) => path.includes('v2-restore'))).toEqual([]);
      expect(force.set).toBe(false);
    }
  },
});

describe('v2-restore', () => {
  it('tells at once when systemd has given up the member that is to start alone', async () => {
    const { gate } = await endingOf(v2Restore, failsToStart(v2Lost(), 'etcd01'));

    expect(gate).toMatchObject({
      kind: 'failure',
      stepId: 'start-alone',
      reason: expect.stringContaining('etcd on etcd01 has failed to start') as string,
    });
  });

  it('says on the gate that all of API 3 goes, and that authentication is off afterwards', async () => {
    const came = await fakeRun({ procedure: v2Restore, world: v2Lost() }).toEnd(() => undefined);

    expect(came).toMatchObject({
      gate: { stepId: 'replace-data', reason: expect.stringMatching(/ALL DATA OF API 3: .*authentication of API 3 is off afterwards/) },
    });
  });

  it.each([
    ['with a quorum, which can say so', 'quorum', /of API 3, which holds no keys now, the users/, /^API 3 holds no keys\.$/m],
    [
      'without one, when only one member says so',
      'etcd01',
      /of API 3, of which etcd01 holds no keys \(there is no quorum, and members that do not answer may hold some\), the users/,
      /Of API 3, etcd01 holds no keys/,
    ],
  ] as const)('says who says that API 3 holds no keys, %s', async (_where, of, onCard, inThread) => {
    const world = v2Lost();
    world.etcd.countKeys = async () => ({ keys: 0, of: of === 'quorum' ? of : MemberName.parse(of) });

    const { gate, notes } = await endingOf(v2Restore, world, {}, () => undefined);

    expect(gate?.reason).toMatch(onCard);
    expect(Object.values(notes).join('\n')).toMatch(inThread);
  });

  it('keeps its approval when the survivor is slow for a moment', async () => {
    const world = v2Lost();
    const run = fakeRun({ procedure: v2Restore, world });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');
    const slowLooks = 2;
    let looks = 0;
    changeLooks(world, (look, nth) => {
      looks = nth;
      return nth <= slowLooks ? withSlow(look, 'etcd01', 'etcd02', 'etcd03') : look;
    });
    run.decide(came.gate.gateId, 'approve');

    const ended = await run.toEnd(keepOld);

    expect(looks).toBeGreaterThan(slowLooks);
    expect(run.entries.flatMap((entry) => (entry.type === 'gate-settled' ? [entry.outcome] : []))).not.toContain('voided');
    expect(ended).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('does not go on while the data of API 3 is saved nowhere, and does after a backup', async () => {
    const world = v2Lost({ snapshotAgeMs: 'none' });
    const run = fakeRun({ procedure: v2Restore, world });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');
    const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (data === undefined) throw new Error('no data');
    world.snapshots.keep(data, world.clock.now());
    run.decide(came.gate.gateId, 'retry');

    const again = await run.once();

    expect(came.gate).toMatchObject({ stepId: 'say-what-is-lost', reason: expect.stringContaining('--lose-v3') });
    expect(again).toMatchObject({ gate: { kind: 'approval', stepId: 'replace-data' } });
  });

  it('takes a snapshot of two hours ago for none, and --lose-v3 for an answer', async () => {
    const old = await fakeRun({ procedure: v2Restore, world: v2Lost({ snapshotAgeMs: 2 * 3_600_000 }) }).toEnd(() => undefined);
    const told = await fakeRun({
      procedure: v2Restore,
      world: v2Lost({ snapshotAgeMs: 'none' }),
      input: { 'lose-v3': true },
    }).toEnd(() => undefined);

    expect(old).toMatchObject({ gate: { stepId: 'say-what-is-lost' } });
    expect(told).toMatchObject({ gate: { stepId: 'replace-data' } });
  });

  it('passes over a backup with data of API 3 in it, and says why when it is the only one or was named', async () => {
    const world = v2Lost();
    const [good] = world.snapshots.v2.records;
    const mixed = world.snapshots.v2.keep('0'.repeat(64), world.clock.now(), 8);
    const latest = fakeRun({ procedure: v2Restore, world });
    await latest.toEnd(() => undefined);
    const named = fakeRun({ procedure: v2Restore, world, input: { snapshot: mixed.id } });

    const came = await named.toEnd(() => undefined);

    expect(latest.entries.find(({ type }) => type === 'run-prepared')).toMatchObject({ prepared: { backup: good?.id } });
    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(named.entries.at(-1)).toMatchObject({ summary: expect.stringContaining('cannot be restored') });
  });

  it('believes the host and not the sidecar: what holds data of API 3 never gets as far as the gate', async () => {
    const world = v2Lost({ v3InArchive: true });

    const came = await fakeRun({ procedure: v2Restore, world }).toEnd(approveAll);

    expect(came).toMatchObject({ gate: { kind: 'failure', stepId: 'check-unpacked', reason: expect.stringContaining('data of API 3') } });
    expect(world.effects.log.some((effect) => effect.startsWith('stopAndMask'))).toBe(false);
  });

  it('refuses hosts where API 2 is off, where the flag is set already, and a first one with a YAML file', async () => {
    const world = v2Lost();
    world.machine('etcd02').enableV2 = false;
    world.machine('etcd03').force.set = true;
    world.machine('etcd01').style = 'config-file';

    const came = await fakeRun({ procedure: v2Restore, world }).toEnd(() => undefined);

    if (came.state !== 'waiting') throw new Error('no gate');
    expect(came.gate.stepId).toBe('preflight');
    expect(came.gate.reason).toMatch(/YAML --config-file.*etcd02 is not set to serve API 2.*force-new-cluster is set on etcd03 already/s);
  });

  it('lets another member take the backup', async () => {
    const world = v2Lost();
    world.machine('etcd01').style = 'config-file';

    const came = await fakeRun({ procedure: v2Restore, world, input: { first: 'etcd03' } }).toEnd(keepOld);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(served(world)).toEqual(Array.from({ length: 3 }, () => ['two', 0, true, false]));
  });

  it('refuses to replace the data of a cluster that has quorum', async () => {
    const world = v2Lost();
    for (const member of ['etcd02', 'etcd03']) {
      const machine = world.machine(member);
      const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
      const [, second, third] = world.cluster.members;
      if (data === undefined || second === undefined || third === undefined) throw new Error('no data');
      const memberId = [...(world.site.memberships.get(data.token)?.members.values() ?? [])].find(({ name }) => name === member)?.memberId;
      machine.dirs.set(world.site.dataDir, { identity: `8:${member}`, data: { ...copyOf(data), memberId: memberId ?? data.memberId } });
      machine.unit.active = true;
    }

    const came = await fakeRun({ procedure: v2Restore, world }).toEnd(() => undefined);

    expect(came).toMatchObject({ gate: { kind: 'failure', stepId: 'replace-data', reason: expect.stringContaining('--while-healthy') } });
  });

  it('takes force-new-cluster away also when it is aborted in between', async () => {
    const world = v2Lost();
    const run = fakeRun({ procedure: v2Restore, world });
    const gate = await run.toEnd(() => undefined);
    if (gate.state !== 'waiting') throw new Error('no gate');
    run.decide(gate.gate.gateId, 'approve');
    const right = otherwise(world.hosts[0], 'v2-unforce', () =>
      Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer.')),
    );
    const failed = await run.once();
    if (failed.state !== 'waiting') throw new Error('no failure');
    right();
    run.decide(failed.gate.gateId, 'abort');

    const came = await run.once();

    const end = run.entries.at(-1);
    expect(failed.gate.stepId).toBe('take-flag-away');
    expect(came).toEqual({ state: 'ended', outcome: 'aborted' });
    expect(world.machine('etcd01').force).toEqual({ set: false, runs: false });
    expect(end?.type === 'run-ended' ? end.summary : '').toMatch(
      /etcd01: etcd is active; the old data is in .*v2-restore-demo-7f3a9c\.old/,
    );
  });

  it('shows its plan and changes nothing with --plan', async () => {
    const world = v2Lost();
    const run = fakeRun({ procedure: v2Restore, world, mode: 'plan' });

    const came = await run.toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.effects.log).toEqual([]);
    expect(run.entries.filter((entry) => entry.type === 'step-settled')).toHaveLength(15);
  });
});
