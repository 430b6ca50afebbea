import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/engine/view.ts';
import { OpsError } from '../../src/errors.ts';
import { MemberId } from '../../src/ids.ts';
import { restore } from '../../src/procedures/restore.ts';
import { otherwise } from '../fakes/otherwise.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { endingOf } from './ending.ts';
import { failsToStart } from './failed-unit.ts';
import { keepOld, quorumLost, valuesOf } from './restorable.ts';

describeCrashPoints({
  procedure: restore,
  world: () => quorumLost(),
  gated: ['stopAndMask', 'swapDataDir', 'deleteAside'],
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['test', 'test', 'test']);
    expect([...world.site.machines.values()].every(({ unit }) => unit.active && !unit.masked)).toBe(true);
  },
});

describeCrashPoints({
  procedure: restore,
  world: () => quorumLost({ members: 1 }),
  answers: keepOld,
  gated: ['stopAndMask', 'swapDataDir', 'deleteAside'],
  restored: (world) => expect(valuesOf(world)).toEqual(['test']),
});

describeCrashPoints({
  procedure: restore,
  world: () => quorumLost(),
  answers: (gate) => (gate.kind === 'approval' ? 'reject' : undefined),
  outcome: 'rejected',
  gated: ['stopAndMask', 'swapDataDir', 'deleteAside'],
  restored: (world) => {
    expect(world.machine('etcd01').unit).toEqual({ active: true, masked: false });
    for (const { dirs, files } of world.site.machines.values())
      expect([...dirs.keys(), ...files.keys()].filter((path) => path.includes('restore-demo'))).toEqual([]);
  },
});

describe('restore', () => {
  it('keeps the old data-dirs when nobody answers the last gate, and says where they are', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world });

    const came = await run.toEnd(keepOld);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.machine('etcd01').dirs.has('/data/etcd/data.restore-demo-7f3a9c.old')).toBe(true);
    expect(run.entries.at(-1)).toMatchObject({
      type: 'run-ended',
      summary: expect.stringContaining('etcd01:/data/etcd/data.restore-demo-7f3a9c.old'),
    });
  });

  it('tells at once when systemd has given a member up', async () => {
    const { gate } = await endingOf(restore, failsToStart(quorumLost(), 'etcd03'));

    expect(gate).toMatchObject({
      kind: 'failure',
      stepId: 'start',
      reason: expect.stringMatching(/^It was done, but this does not hold: .*etcd on etcd03 has failed to start/) as string,
    });
  });

  it('says what is lost in revisions and minutes on the gate', async () => {
    const world = quorumLost();

    const came = await fakeRun({ procedure: restore, world }).toEnd(() => undefined);

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { stepId: 'replace-data', reason: expect.stringContaining('3 revisions (12 minutes of writes)') },
    });
  });

  it('refuses a cluster that has quorum, unless told --while-healthy', async () => {
    const healthy = () => {
      const world = fakeWorld();
      const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
      if (data !== undefined) world.snapshots.keep(data, world.clock.now());
      return world;
    };

    const refused = await fakeRun({ procedure: restore, world: healthy() }).toEnd(approveAll);
    const told = await fakeRun({ procedure: restore, world: healthy(), input: { 'while-healthy': true } }).toEnd(approveAll);

    expect(refused).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', stepId: 'replace-data', reason: expect.stringContaining('--while-healthy') },
    });
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('passes over a newer snapshot that is flawed, but not when it was named', async () => {
    const world = quorumLost();
    const [good] = world.snapshots.records;
    const data = world.snapshots.contents.get(good?.sha256 ?? '');
    if (data === undefined || good === undefined) throw new Error('no snapshot');
    const flawed = world.snapshots.keep({ ...data, revision: 9n }, world.clock.now());
    world.snapshots.flaws.set(flawed.id, 'its SHA-256 trailer is wrong.');

    const latest = fakeRun({ procedure: restore, world });
    await latest.toEnd(() => undefined);
    const named = fakeRun({ procedure: restore, world, input: { snapshot: flawed.id } });
    const came = await named.toEnd(() => undefined);

    expect(latest.entries.find(({ type }) => type === 'run-prepared')).toMatchObject({ prepared: { snapshot: good.id } });
    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(named.entries.at(-1)).toMatchObject({ summary: expect.stringContaining('its SHA-256 trailer is wrong') });
  });

  it('voids the approval and asks again when a member comes back while it is pending', async () => {
    const world = quorumLost();
    const { data } = world.machine('etcd01').dirs.get(world.site.dataDir) ?? {};
    if (data === undefined) throw new Error('no data to copy');
    world
      .machine('etcd03')
      .dirs.set(world.site.dataDir, { identity: '8:999', data: { ...data, memberId: MemberId.parse('a2'), keys: new Map() } });
    const run = fakeRun({ procedure: restore, world, input: { 'while-healthy': true } });
    const first = await run.toEnd(() => undefined);
    if (first.state !== 'waiting') throw new Error('no gate');
    world.machine('etcd03').unit.active = true;
    run.decide(first.gate.gateId, 'approve');

    const second = await run.once();

    expect(second).toMatchObject({ state: 'waiting', gate: { gateId: 'restore-demo-7f3a9c.2', stepId: 'replace-data' } });
    expect(run.entries.find((entry) => entry.type === 'gate-settled')).toMatchObject({
      outcome: 'voided',
      difference: expect.stringContaining('members answering: was etcd01, is etcd01 and etcd03'),
    });
    expect(world.effects.log.some((effect) => effect.startsWith('stopAndMask'))).toBe(false);
  });

  it('does not count the requester’s own approval', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');
    run.decide(came.gate.gateId, 'approve', run.alice);

    const still = await run.once();

    expect(still).toMatchObject({ state: 'waiting', gate: { gateId: came.gate.gateId } });
  });

  it('ends without touching anything when nobody approves in time', async () => {
    const world = quorumLost();

    const came = await fakeRun({ procedure: restore, world }).toEnd(() => 'silence');

    expect(came).toEqual({ state: 'ended', outcome: 'expired' });
    expect(world.machine('etcd01').unit.active).toBe(true);
  });

  it('does not take silence for a yes, even where no approval is configured', async () => {
    const world = quorumLost();

    const came = await fakeRun({ procedure: restore, world, required: 0 }).toEnd(() => 'silence');

    expect(came).toEqual({ state: 'ended', outcome: 'expired' });
    expect(world.machine('etcd01').unit.active).toBe(true);
  });

  it('names every host that is not ready, and goes on after Retry', async () => {
    const world = quorumLost();
    world.machine('etcd02').freeBytes = 1_000_000;
    world.machine('etcd03').powered = false;
    const run = fakeRun({ procedure: restore, world });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');
    world.machine('etcd02').freeBytes = 10_000_000_000;
    world.machine('etcd03').powered = true;
    run.decide(came.gate.gateId, 'retry');

    const ended = await run.toEnd(keepOld);

    expect(came.gate).toMatchObject({ kind: 'failure', stepId: 'preflight' });
    expect(came.gate.reason).toMatch(/etcd02: It has 1\.0 MB free .* are missing\..*etcd03 does not answer over ssh/);
    expect(ended).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('says how each host stands when it is aborted in the middle, and leaves what is needed', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world });
    const gate = await run.toEnd(() => undefined);
    if (gate.state !== 'waiting') throw new Error('no gate');
    run.decide(gate.gate.gateId, 'approve');
    otherwise(world.hosts[2], 'swap', () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd03 does not answer.')));
    const failed = await run.once();
    if (failed.state !== 'waiting') throw new Error('no failure');
    run.decide(failed.gate.gateId, 'abort');

    const came = await run.once();

    const end = run.entries.at(-1);
    expect(came).toEqual({ state: 'ended', outcome: 'aborted' });
    expect(end?.type === 'run-ended' ? end.summary : '').toMatch(
      /etcd01: etcd is inactive and masked; the old data is in \/data\/etcd\/data\.restore-demo-7f3a9c\.old/,
    );
    expect(world.machine('etcd03').files.size).toBe(0);
    expect(world.machine('etcd01').dirs.size).toBe(2);
  });

  it('closes the approval when a host fails at the moment of acting, so that Retry is the gate that is open', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world });
    const gate = await run.toEnd(() => undefined);
    if (gate.state !== 'waiting') throw new Error('no gate');
    run.decide(gate.gate.gateId, 'approve');
    world.machine('etcd03').powered = false;
    const failed = await run.once();
    world.machine('etcd03').powered = true;
    if (failed.state !== 'waiting') throw new Error('no failure');
    const open = viewOf(run.run, run.entries).openGate;
    run.decide(failed.gate.gateId, 'retry');

    const again = await run.once();

    expect(failed.gate.kind).toBe('failure');
    expect(open?.gateId).toBe(failed.gate.gateId);
    expect(again).toMatchObject({ state: 'waiting', gate: { kind: 'approval', stepId: 'replace-data' } });
    expect(world.effects.log.some((effect) => effect.startsWith('stopAndMask'))).toBe(false);
  });

  it('asks for a new approval when it is retried after it failed in the middle', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world });
    const gate = await run.toEnd(() => undefined);
    if (gate.state !== 'waiting') throw new Error('no gate');
    run.decide(gate.gate.gateId, 'approve');
    const [, second] = world.hosts;
    const whole = second?.fenced;
    if (second === undefined || whole === undefined) throw new Error('no host');
    second.fenced = async () => ({ holds: false, because: 'a process named etcd is still there.' });
    const failed = await run.once();
    second.fenced = whole;
    if (failed.state !== 'waiting') throw new Error('no failure');
    run.decide(failed.gate.gateId, 'retry');

    const again = await run.once();

    expect(failed.gate).toMatchObject({ kind: 'failure', reason: expect.stringContaining('no data was touched') });
    expect(again).toMatchObject({ state: 'waiting', gate: { kind: 'approval', stepId: 'replace-data' } });
    expect(world.effects.log.some((effect) => effect.startsWith('swapDataDir'))).toBe(false);
  });

  it('shows its plan and changes nothing with --plan', async () => {
    const world = quorumLost();
    const run = fakeRun({ procedure: restore, world, mode: 'plan' });

    const came = await run.toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.clock.now().toISOString()).toBe('2026-11-22T03:00:00.000Z');
    expect(world.effects.log).toEqual([]);
    expect(run.entries.filter((entry) => entry.type === 'step-settled')).toHaveLength(12);
  });

  it('raises the revision where every tool can, and says so where one cannot', async () => {
    const world = quorumLost();
    for (const machine of world.site.machines.values()) machine.canBumpRevision = true;

    await fakeRun({ procedure: restore, world }).toEnd(keepOld);

    const revision = world.machine('etcd01').dirs.get(world.site.dataDir)?.data?.revision ?? 0n;
    expect(revision).toBeGreaterThan(10n + 1_000_000n);
  });

  it('names a certificate that does not cover its host, before anything is touched', async () => {
    const world = quorumLost();
    const machine = world.machine('etcd02');
    machine.certificates = machine.certificates.map((certificate) => ({ ...certificate, subjectAltNames: ['127.0.0.1'] }));

    const came = await fakeRun({ procedure: restore, world }).toEnd(approveAll);

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', stepId: 'preflight', reason: expect.stringContaining('does not cover 198.51.100.2') },
    });
    expect(world.effects.log).toEqual([]);
  });

  it('changes the settings only once the cluster serves', async () => {
    const world = quorumLost();

    await fakeRun({ procedure: restore, world }).toEnd(keepOld);

    const order = world.effects.log.map((effect) => effect.split(' ')[0]);
    expect(order.indexOf('configure')).toBeGreaterThan(order.indexOf('put'));
    expect(world.machine('etcd03').settings).toMatchObject({ initialClusterState: 'existing', initialClusterToken: 'etcd-cluster-7f3a9c' });
  });
});
