import { describe, expect, it } from 'vitest';
import type { Gate } from '../../src/engine/journal.ts';
import { OpsError } from '../../src/errors.ts';
import type { RestoreOrder } from '../../src/host/host.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';

const run = 'recover-quorum-demo-7f3a9c';
const gated = ['stopAndMask', 'swapDataDir', 'deleteAside'];

/** A backup at revision 7; then one more write, at revision 8, that only the cluster has. */
async function written(members = 3): Promise<FakeWorld> {
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

async function dataLost(...members: string[]): Promise<FakeWorld> {
  const world = await written(members.includes('etcd05') ? 5 : 3);
  for (const member of members) world.loseData(member);
  return fresh(world);
}

async function stopped(...members: string[]): Promise<FakeWorld> {
  const world = await written();
  for (const member of members) world.machine(member).unit.active = false;
  return fresh(world);
}

/** The survivor's etcd is stopped, the others' data is gone. */
async function oneStopped(): Promise<FakeWorld> {
  const world = await dataLost('etcd02', 'etcd03');
  world.machine('etcd01').unit.active = false;
  return world;
}

/** Two lose their data; the host of one of them goes off. */
async function oneHostOff(): Promise<FakeWorld> {
  const world = await dataLost('etcd02', 'etcd03');
  world.machine('etcd03').powered = false;
  return world;
}

function valuesOf(world: FakeWorld, key = '/name/2', members = [...world.site.machines.keys()]): (string | undefined)[] {
  return members.map((member) => world.machine(member).dirs.get(world.site.dataDir)?.data?.keys.get(key)?.value);
}

/** Picks a way, approves what is attested and destroyed, and keeps the old data. */
function picking(way: string): Answers {
  return (gate) => {
    if (gate.kind === 'choice') return { choose: way };
    return gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate);
  };
}

function gateOf(came: { readonly state: string; readonly gate?: Gate }): Gate {
  if (came.gate === undefined) throw new Error(`no gate: ${came.state}`);
  return came.gate;
}

const allRun = (world: FakeWorld) => expect([...world.site.machines.values()].every(({ unit }) => unit.active && !unit.masked)).toBe(true);

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => stopped('etcd01', 'etcd02', 'etcd03'),
  answers: picking('start'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    allRun(world);
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd02', 'etcd03'),
  answers: (gate) => (gate.kind === 'choice' ? { choose: 'survivor' } : approveAll(gate)),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    allRun(world);
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: oneStopped,
  input: { source: 'survivor' },
  answers: picking('survivor'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    expect(world.snapshots.records[0]).toMatchObject({ kind: 'database-copy', run });
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd01', 'etcd02', 'etcd03'),
  answers: picking('snapshot'),
  gated,
  restored: (world) => {
    const all = [...world.site.machines.keys()];
    expect(valuesOf(world, '/name/1')).toEqual(all.map(() => 'test'));
    expect(valuesOf(world)).toEqual(all.map(() => undefined));
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: oneHostOff,
  answers: picking('survivor'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', undefined]);
    expect(world.machine('etcd01').settings.initialCluster).toBe('etcd01=https://198.51.100.1:2380,etcd02=https://198.51.100.2:2380');
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd02', 'etcd03'),
  answers: (gate) => (gate.kind === 'choice' ? { choose: 'survivor' } : 'reject'),
  outcome: 'rejected',
  gated,
  restored: (world) => {
    expect(world.machine('etcd01').unit).toEqual({ active: true, masked: false });
    expect(world.machine('etcd01').settings.initialClusterState).toBe('new');
    for (const { dirs, files } of world.site.machines.values())
      expect([...dirs.keys(), ...files.keys()].filter((path) => path.includes(run))).toEqual([]);
  },
});

describe('recover-quorum', () => {
  it('offers what is possible, the least loss first, each with what it loses', async () => {
    const world = await dataLost('etcd02', 'etcd03');

    const { options = [], facts } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.map(({ id, possible }) => [id, possible])).toEqual([
      ['survivor', true],
      ['snapshot', true],
      ['start', false],
    ]);
    expect(options[0]?.title).toBe('Rebuild all members from a snapshot of etcd01, which still answers');
    expect(options[0]?.detail).toMatch(/^Revision 8\. Loses nothing that is known of: no revision above 8 was ever seen/);
    expect(options[1]?.detail).toMatch(/Revision 7, taken .* Loses 1 revision \(12 minutes of writes\)/);
    expect(options[2]?.detail).toMatch(
      /1 of 3 members would have their data, and 2 are needed \(etcd02: its data is gone; etcd03: its data is gone\)/,
    );
    expect(facts).toMatchObject({ 'highest revision known': '8' });
  });

  it('offers to start when enough data is whole, also on masked units, and needs no approval for it', async () => {
    const world = await stopped('etcd02', 'etcd03');
    world.machine('etcd02').unit.masked = true;
    const runs = fakeRun({ procedure: recoverQuorum, world });

    const gate = gateOf(await runs.toEnd(() => undefined));
    runs.decide(gate.gateId, { choose: 'start' }, runs.alice);
    const came = await runs.once();

    expect(gate.options?.[0]).toMatchObject({
      id: 'start',
      title: 'Start etcd on etcd02 and etcd03',
      detail: expect.stringContaining('Nothing is lost.') as string,
    });
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.filter((effect) => !effect.includes('canary'))).toEqual(['unmaskAndStart etcd02', 'unmaskAndStart etcd03']);
    expect(await world.ledger.highest()).toMatchObject({ revision: 8n });
  });

  it('starts what is whole and leaves out a host that does not answer', async () => {
    const world = await stopped('etcd01', 'etcd02', 'etcd03');
    world.machine('etcd03').powered = false;

    const came = await fakeRun({ procedure: recoverQuorum, world, input: { source: 'start' } }).toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(valuesOf(world, '/name/2', [...world.site.machines.keys()].slice(0, 2))).toEqual(['after the backup', 'after the backup']);
  });

  it('prefers the stopped member whose database has the higher revision to one that answers', async () => {
    const world = await written();
    world.machine('etcd03').unit.active = false;
    const late = world.machine('etcd03').dirs.get(world.site.dataDir)?.data;
    const early = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (late === undefined || early === undefined) throw new Error('no data');
    late.revision = 9n;
    early.keys.delete('/name/2');
    world.loseData('etcd02');

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')).toMatchObject({
      title: 'Rebuild all members from a copy of the database of etcd03, which is stopped',
      detail: expect.stringMatching(/No revision above 8 was ever seen of this cluster: if that member took no part/) as string,
    });
  });

  it('says what a copy means, and restores it with --skip-hash-check', async () => {
    const world = await oneStopped();
    const orders: RestoreOrder[] = [];
    for (const host of world.hosts) {
      const whole = host.restoreSnapshot.bind(host);
      host.restoreSnapshot = async (order) => {
        orders.push(order);
        await whole(order);
      };
    }
    const runs = fakeRun({ procedure: recoverQuorum, world });
    const choice = gateOf(await runs.toEnd(() => undefined));
    runs.decide(choice.gateId, { choose: 'survivor' });

    const approval = gateOf(await runs.once());

    expect(choice.options?.[0]?.detail).toMatch(/--skip-hash-check.*write-ahead log/);
    expect(approval).toMatchObject({ stepId: 'replace-data', reason: expect.stringContaining('--skip-hash-check') as string });
    expect(orders.map(({ skipHashCheck }) => skipHashCheck)).toEqual([true, true, true]);
  });

  it('blocks on a host that does not answer until approvers attest that it is off, and then makes the cluster without it', async () => {
    const world = await oneHostOff();
    const runs = fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } });
    const blocked = gateOf(await runs.toEnd(() => undefined));
    runs.decide(blocked.gateId, 'approve', runs.alice);
    const still = gateOf(await runs.once());
    runs.decide(blocked.gateId, 'approve');

    const came = await runs.toEnd(picking('survivor'));

    expect(blocked).toMatchObject({
      stepId: 'hosts-off',
      attests: expect.stringContaining('The host of etcd03 is switched off') as string,
      reason: expect.stringContaining('etcd03 does not answer over ssh') as string,
    });
    expect(still.gateId).toBe(blocked.gateId);
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    const end = runs.entries.at(-1);
    expect(end?.type === 'run-ended' ? end.summary : '').toContain('`replace-member demo etcd03` brings it in');
    expect(runs.entries.some((entry) => entry.type === 'step-settled' && entry.note?.startsWith('Attested by U0BOB') === true)).toBe(true);
  });

  it('touches nothing when nobody attests it', async () => {
    const world = await oneHostOff();

    const came = await fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } }).toEnd(() => 'silence');

    expect(came).toEqual({ state: 'ended', outcome: 'expired' });
    expect(world.effects.log).toEqual([]);
  });

  it('does not go on when a host that was attested to be off answers before data is replaced', async () => {
    const world = await oneHostOff();
    const runs = fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } });
    runs.decide(gateOf(await runs.toEnd(() => undefined)).gateId, 'approve');
    const approval = gateOf(await runs.once());
    world.machine('etcd03').powered = true;
    runs.decide(approval.gateId, 'approve');

    const came = await runs.once();

    expect(approval.facts).toMatchObject({ 'left out: etcd03': 'answers neither over ssh nor as etcd' });
    expect(came).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', reason: expect.stringContaining('etcd03 answers again') as string },
    });
    expect(world.effects.log.some((effect) => effect.startsWith('stopAndMask'))).toBe(false);
  });

  it('takes no attestation for a host that answers, and says what to do', async () => {
    const world = await oneHostOff();
    const runs = fakeRun({ procedure: recoverQuorum, world });
    const choice = gateOf(await runs.toEnd(() => undefined));
    world.machine('etcd03').powered = true;
    runs.decide(choice.gateId, { choose: 'survivor' });

    const came = await runs.once();

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', stepId: 'hosts-off', reason: expect.stringContaining('answers again') as string },
    });
  });

  it('rebuilds nothing while a member serves on a host that cannot be reached', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const [first] = world.hosts;
    if (first === undefined) throw new Error('no host');
    first.unit = () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer over ssh.'));
    const runs = fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({ summary: expect.stringContaining('etcd01 answers as etcd, but not over ssh') as string });
  });

  it('refuses a cluster that has quorum, and says what to do instead', async () => {
    const world = fakeWorld({ run });
    world.loseData('etcd03');
    const runs = fakeRun({ procedure: recoverQuorum, world });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({ summary: expect.stringMatching(/has quorum.*replace-member demo <member>/) as string });
  });

  it('refuses a named way that is not possible, with the reason and what is', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const runs = fakeRun({ procedure: recoverQuorum, world, input: { source: 'start' } });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({
      summary: expect.stringMatching(/that is not possible\. 1 of 3 members.*What is possible: survivor, snapshot/) as string,
    });
  });

  it('says every reason when there is no way back', async () => {
    const world = fakeWorld({ run });
    for (const member of world.site.machines.keys()) world.loseData(member);
    const runs = fakeRun({ procedure: recoverQuorum, world });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({
      summary: expect.stringMatching(/There is no way back.*No member answers.*none was ever saved/s) as string,
    });
  });

  it('warns of a survivor whose version can be inconsistent', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    world.machine('etcd01').toolVersion = '3.5.1';

    const { options = [] } = gateOf(await fakeRun({ procedure: recoverQuorum, world }).toEnd(() => undefined));

    expect(options.find(({ id }) => id === 'survivor')?.detail).toContain('etcd 3.5.1: a member can have become inconsistent');
  });

  it('makes a choice void whose survivor is gone, and offers what is left', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const runs = fakeRun({ procedure: recoverQuorum, world });
    const choice = gateOf(await runs.toEnd(() => undefined));
    world.loseData('etcd01');
    runs.decide(choice.gateId, { choose: 'survivor' });

    const again = gateOf(await runs.once());

    expect(again).toMatchObject({ kind: 'choice', stepId: 'choose-way' });
    expect(again.options?.map(({ id, possible }) => [id, possible])).toEqual([
      ['survivor', false],
      ['snapshot', true],
      ['start', false],
    ]);
  });

  it('finds a certificate that does not cover its host before anything is touched', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const machine = world.machine('etcd02');
    machine.certificates = machine.certificates.map((certificate) => ({ ...certificate, notAfter: new Date('2026-01-01T00:00:00Z') }));

    const came = await fakeRun({ procedure: recoverQuorum, world, input: { source: 'snapshot' } }).toEnd(approveAll);

    expect(gateOf(came)).toMatchObject({ stepId: 'preflight', reason: expect.stringContaining('has expired') as string });
    expect(world.effects.log).toEqual([]);
  });

  it('rebuilds five members of which three are down', async () => {
    const world = await dataLost('etcd03', 'etcd04', 'etcd05');

    const came = await fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } }).toEnd(picking('survivor'));

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(valuesOf(world)).toEqual(Array.from({ length: 5 }, () => 'after the backup'));
  });

  it('shows what was seen and the ways with --plan, and the whole plan of a way that is named', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    const asking = fakeRun({ procedure: recoverQuorum, world, mode: 'plan' });
    const named = fakeRun({ procedure: recoverQuorum, world, mode: 'plan', input: { source: 'snapshot' } });

    await asking.toEnd(() => undefined);
    await named.toEnd(() => undefined);

    const notes = asking.entries.flatMap((entry) => (entry.type === 'step-settled' ? [entry.note ?? ''] : []));
    expect(notes[0]).toMatch(
      /etcd01 answers: etcd 3\.4\.23, revision 8.*etcd02 does not answer \(connection refused\)\. Its etcd is stopped/s,
    );
    expect(notes[1]).toMatch(/Possible: Rebuild all members from a snapshot of etcd01/);
    expect(named.entries.filter((entry) => entry.type === 'step-settled')).toHaveLength(13);
    expect(world.effects.log).toEqual([]);
  });
});
