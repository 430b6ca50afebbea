import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { MemberId } from '../../src/ids.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { startEtcd } from '../fakes/machine.ts';
import type { Data } from '../fakes/machine.ts';
import { withNewHost } from '../fakes/new-host.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';

const input = { member: 'etcd03' };
const aside = '/data/etcd/data.replace-member-demo-7f3a9c.old';
const gated = ['removeMember', 'putDataAside', 'deleteAside', 'stopAndMask', 'moveLeader'];

function fresh(options: { members?: number } = {}): FakeWorld {
  return fakeWorld({ ...options, run: 'replace-member-demo-7f3a9c' });
}

/** etcd03 has failed: its unit was started and could not run on its data. */
function failed(options: { members?: number; lost?: readonly string[] } = {}): FakeWorld {
  const world = fresh(options);
  for (const member of options.lost ?? ['etcd03']) world.loseData(member);
  return world;
}

/** What etcd03 had before, as a copy. */
function spoiled(world: FakeWorld): Data {
  const { data } = world.machine('etcd01').dirs.get(world.site.dataDir) ?? {};
  if (data === undefined) throw new Error('no data to copy');
  return { ...data, memberId: MemberId.parse('a2'), keys: new Map() };
}

const keepOld: Answers = (gate) => (gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate));

function rows(world: FakeWorld): { name: string; isLearner: boolean; url: string | undefined }[] {
  return [...(world.site.memberships.get('etcd-cluster')?.members.values() ?? [])].map(({ name, isLearner, peerUrls }) => ({
    name,
    isLearner,
    url: peerUrls[0],
  }));
}

function allServe(world: FakeWorld): void {
  for (const { member, dirs } of world.site.machines.values())
    expect(dirs.get(world.site.dataDir)?.data?.keys.get('/name/1')?.value, member).toBe('test');
  expect(rows(world).map(({ isLearner }) => isLearner)).toEqual([...world.site.machines].map(() => false));
}

describeCrashPoints({ procedure: replaceMember, world: () => failed(), input, gated, restored: allServe });

describeCrashPoints({
  procedure: replaceMember,
  world: () => {
    const world = failed();
    // Its disk is whole again, but the data on it is of no use any more.
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: spoiled(world) });
    world.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a2'));
    return world;
  },
  input,
  answers: keepOld,
  gated,
  restored: (world) => {
    allServe(world);
    expect(world.machine('etcd03').dirs.has(aside)).toBe(true);
  },
});

describeCrashPoints({
  procedure: replaceMember,
  world: () => failed({ lost: ['etcd03'] }),
  input,
  answers: (gate) => (gate.kind === 'approval' ? 'reject' : undefined),
  outcome: 'rejected',
  gated,
  restored: (world) => expect(rows(world)).toEqual(rows(fresh())),
});

describe('a learner left behind by an earlier attempt', () => {
  const leftBehind = (): FakeWorld => {
    const world = failed();
    const cluster = world.site.memberships.get('etcd-cluster');
    cluster?.members.delete(MemberId.parse('a2'));
    cluster?.members.set(MemberId.parse('d0'), {
      memberId: MemberId.parse('d0'),
      name: '',
      peerUrls: ['https://198.51.100.3:2380'],
      isLearner: true,
    });
    return world;
  };

  describeCrashPoints({ procedure: replaceMember, world: leftBehind, input, gated, restored: allServe });

  const runs = (): FakeWorld => {
    const world = leftBehind();
    const machine = world.machine('etcd03');
    machine.settings = {
      ...machine.settings,
      initialClusterState: 'existing',
      initialCluster: 'etcd01=https://198.51.100.1:2380,etcd02=https://198.51.100.2:2380,etcd03=https://198.51.100.3:2380',
    };
    startEtcd(machine, world.site);
    return world;
  };

  describeCrashPoints({ procedure: replaceMember, world: runs, input, gated, restored: allServe });

  it('is only promoted when it runs: nothing is removed, nobody is asked', async () => {
    const world = runs();

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log).toEqual(['save etcd02', 'promote d0']);
  });

  it('is removed and added anew when it ran before and does not run now', async () => {
    const world = runs();
    world.machine('etcd03').unit.active = false;

    const run = fakeRun({ procedure: replaceMember, world, input });
    const came = await run.toEnd(keepOld);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log).toContain('removeMember d0');
    allServe(world);
  });
});

describe('a new host under the same name', () => {
  const moved = (): FakeWorld => {
    const world = failed();
    return withNewHost(world, 'etcd03');
  };

  describeCrashPoints({
    procedure: replaceMember,
    world: moved,
    input,
    gated,
    restored: (world) => {
      allServe(world);
      expect(rows(world).at(-1)).toEqual({ name: 'etcd03', isLearner: false, url: 'https://198.51.100.99:2380' });
    },
  });

  it('removes the member that has the name, by its id, and says that nothing is fenced on the old host', async () => {
    const came = await fakeRun({ procedure: replaceMember, world: moved(), input }).toEnd(() => undefined);

    expect(came).toMatchObject({
      state: 'waiting',
      gate: {
        stepId: 'remove-member',
        plan: [{ on: 'bot', argv: ['etcdctl', 'member', 'remove', 'a2'] }],
        facts: { 'etcd on etcd03': expect.stringContaining('can never rejoin') },
      },
    });
  });
});

describe('replace-member', () => {
  /** Why a run ended without having begun. */
  const refusal = async (world: FakeWorld, more: Record<string, unknown> = {}): Promise<string> => {
    const run = fakeRun({ procedure: replaceMember, world, input: { ...input, ...more } });
    const came = await run.toEnd(approveAll);
    const end = run.entries.at(-1);
    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(world.effects.log).toEqual([]);
    return end?.type === 'run-ended' ? end.summary : '';
  };
  /** Why a run waits at its first looks. */
  const objection = async (world: FakeWorld, more: Record<string, unknown> = {}): Promise<string> => {
    const came = await fakeRun({ procedure: replaceMember, world, input: { ...input, ...more } }).toEnd(() => undefined);
    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'failure', stepId: 'preflight' } });
    expect(world.effects.log).toEqual([]);
    return came.state === 'waiting' ? came.gate.reason : '';
  };

  it('refuses a member that answers, unless told --healthy; then leadership is handed on first', async () => {
    const leads = () => {
      const world = fresh();
      const cluster = world.site.memberships.get('etcd-cluster');
      if (cluster !== undefined) cluster.leader = MemberId.parse('a2');
      return world;
    };

    const refused = await refusal(leads());
    const world = leads();
    const told = await fakeRun({ procedure: replaceMember, world, input: { ...input, healthy: true } }).toEnd(keepOld);

    expect(refused).toMatch(/etcd03 \(a2\) answers.*--healthy/);
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.slice(1, 4)).toEqual(['moveLeader a0', 'removeMember a2', 'stopAndMask etcd03']);
    allServe(world);
  });

  it('names start for a member whose data is there and whose unit is only stopped, unless told --discard-data', async () => {
    const stopped = () => {
      const world = fresh();
      world.machine('etcd03').unit.active = false;
      return world;
    };

    const refused = await refusal(stopped());
    const told = await fakeRun({ procedure: replaceMember, world: stopped(), input: { ...input, 'discard-data': true } }).toEnd(keepOld);

    expect(refused).toMatch(/`start demo etcd03` loses nothing.*--discard-data/);
    expect(told).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('refuses without a quorum, and where the others alone would have none', async () => {
    const lost = await refusal(failed({ lost: ['etcd02', 'etcd03'] }));
    const only = await refusal(fresh({ members: 1 }), { member: 'etcd01', healthy: true });
    const two = failed({ members: 5, lost: ['etcd04', 'etcd05'] });
    for (const { member } of two.site.machines.values()) two.machine(member).toolVersion = '3.5.30';
    const both = await refusal(two, { member: 'etcd03', healthy: true });

    expect(lost).toMatch(/has no quorum .*`start demo`.*`recover-quorum demo`/);
    expect(only).toMatch(/the only voter/);
    expect(both).toMatch(/Without etcd03 \(a2\) only 2 of 4 voters would answer and 3 are needed/);
  });

  it('names --also-remove where another voter is down and this etcd adds none then; both go at one gate, and the next run is named', async () => {
    const twoDown = () => failed({ members: 5, lost: ['etcd03', 'etcd05'] });
    const world = twoDown();
    world.machine('etcd05').powered = false;
    const run = fakeRun({ procedure: replaceMember, world, input: { ...input, 'also-remove': 'etcd05' } });

    const refused = await refusal(twoDown());
    const came = await run.toEnd(keepOld);

    const end = run.entries.at(-1);
    expect(refused).toMatch(/etcd 3\.4\.23: etcd refuses to add a member.*--also-remove etcd05/);
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.effects.log.filter((effect) => effect.startsWith('removeMember'))).toEqual(['removeMember a2', 'removeMember a4']);
    expect(end?.type === 'run-ended' ? end.summary : '').toContain('Next: `replace-member demo etcd05`.');
  });

  it('adds with another voter down where etcd can', async () => {
    const world = failed({ members: 5, lost: ['etcd03', 'etcd05'] });
    for (const { member } of world.site.machines.values()) world.machine(member).toolVersion = '3.5.30';

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(approveAll);

    expect(came).toMatchObject({ state: 'ended', outcome: 'completed' });
  });

  it('refuses --also-remove for a member that answers, for itself, and for one that is gone', async () => {
    const gone = failed({ members: 5, lost: ['etcd03', 'etcd05'] });
    gone.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a4'));

    expect(await refusal(failed(), { 'also-remove': 'etcd02' })).toMatch(
      /etcd02 \(a1\) answers: --also-remove is for a member that is down/,
    );
    expect(await refusal(failed(), { 'also-remove': 'etcd03' })).toMatch(/names another member than etcd03 itself/);
    expect(await refusal(gone, { 'also-remove': 'etcd05' })).toMatch(/etcd05 is not a member any more/);
  });

  it('says so when a learner of another name is in the way', async () => {
    const world = failed();
    const memberId = MemberId.parse('e7');
    world.site.memberships
      .get('etcd-cluster')
      ?.members.set(memberId, { memberId, name: 'etcd09', peerUrls: ['https://198.51.100.9:2380'], isLearner: true });

    expect(await refusal(world)).toMatch(/another learner, and etcd takes one at a time: etcd09 \(e7\).*member remove e7/);
  });

  it('refuses when it cannot be told who is meant', async () => {
    const world = failed({ members: 5 });
    const memberId = MemberId.parse('e7');
    world.site.memberships
      .get('etcd-cluster')
      ?.members.set(memberId, { memberId, name: 'etcd03', peerUrls: ['https://198.51.100.9:2380'], isLearner: false });

    expect(await refusal(world)).toMatch(/cannot be told which member is meant by etcd03.*a2.*e7/);
  });

  it('names all that is wrong with the host at once, before anything is touched, and goes on after Retry', async () => {
    const world = failed();
    const third = world.machine('etcd03');
    const good = third.certificates;
    third.certificates = good.map((certificate) => ({ ...certificate, subjectAltNames: ['127.0.0.1'] }));
    third.clockOffsetMs = 1_600;
    third.cutFrom.add('198.51.100.2');
    const run = fakeRun({ procedure: replaceMember, world, input });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');
    third.certificates = good;
    third.clockOffsetMs = 0;
    third.cutFrom.clear();
    run.decide(came.gate.gateId, 'retry');

    const ended = await run.toEnd(approveAll);

    expect(came.gate.reason).toMatch(/peer certificate of etcd03 .* does not cover 198\.51\.100\.3/);
    expect(came.gate.reason).toMatch(/etcd03 is 1\.6 s ahead of etcd01/);
    expect(came.gate.reason).toMatch(/Seen from etcd03, the peer port of etcd02 \(198\.51\.100\.2:2380\) gives no answer/);
    expect(ended).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('says all that is wrong on the hosts too when it refuses for the cluster', async () => {
    const world = fresh();
    world.machine('etcd03').clockOffsetMs = -2_500;

    expect(await refusal(world)).toMatch(/--healthy.*etcd01 is 2\.5 s ahead of etcd03|--healthy.*etcd02 is 2\.5 s ahead of etcd03/s);
  });

  it('waits for a host that does not answer', async () => {
    const world = failed();
    world.machine('etcd03').powered = false;

    expect(await objection(world)).toMatch(/etcd03 does not answer over ssh/);
  });

  it('does not remove a member that came back while the approval was pending', async () => {
    const world = failed();
    const data = spoiled(world);
    const run = fakeRun({ procedure: replaceMember, world, input });
    const asked = await run.toEnd(() => undefined);
    if (asked.state !== 'waiting') throw new Error('no gate');
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data });
    world.machine('etcd03').unit.active = true;
    run.decide(asked.gate.gateId, 'approve');

    const came = await run.once();

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', stepId: 'remove-member', reason: expect.stringContaining('etcd03 (a2) answers') },
    });
    expect(run.entries.find((entry) => entry.type === 'gate-settled')).toMatchObject({ outcome: 'voided' });
    expect(world.effects.log).toEqual(['save etcd02']);
    expect(rows(world)).toHaveLength(3);
  });

  it.each([
    [
      'another member falls',
      (world: FakeWorld) => world.loseData('etcd05'),
      'members answering: was etcd01, etcd02, etcd04 and etcd05, is etcd01, etcd02 and etcd04',
    ],
    [
      'the members change',
      (world: FakeWorld) => {
        const memberId = MemberId.parse('e9');
        world.site.memberships
          .get('etcd-cluster')
          ?.members.set(memberId, { memberId, name: 'etcd09', peerUrls: ['https://198.51.100.9:2380'], isLearner: false });
      },
      'etcd09 (e9)',
    ],
  ])('voids the approval when %s while it is pending', async (_, move, difference) => {
    const world = failed({ members: 5 });
    for (const { member } of world.site.machines.values()) world.machine(member).toolVersion = '3.5.30';
    const run = fakeRun({ procedure: replaceMember, world, input });
    const asked = await run.toEnd(() => undefined);
    if (asked.state !== 'waiting') throw new Error('no gate');
    move(world);
    run.decide(asked.gate.gateId, 'approve');

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', gate: { stepId: 'remove-member' } });
    expect(run.entries.find((entry) => entry.type === 'gate-settled')).toMatchObject({
      outcome: 'voided',
      difference: expect.stringContaining(difference),
    });
    expect(world.effects.log.some((effect) => effect.startsWith('removeMember'))).toBe(false);
  });

  it('waits until the learner is in sync', async () => {
    const world = failed();
    const cluster = world.site.memberships.get('etcd-cluster');
    if (cluster !== undefined) cluster.lagsFor = 5;
    const before = world.clock.now().getTime();

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(world.clock.now().getTime() - before).toBeGreaterThanOrEqual(5_000);
  });

  it('names exactly the members of the moment as the initial cluster', async () => {
    const world = failed();

    await fakeRun({ procedure: replaceMember, world, input }).toEnd(approveAll);

    expect(world.machine('etcd03').settings).toEqual({
      initialClusterState: 'existing',
      initialClusterToken: 'etcd-cluster',
      initialCluster: 'etcd01=https://198.51.100.1:2380,etcd02=https://198.51.100.2:2380,etcd03=https://198.51.100.3:2380',
    });
  });

  it('says how things stand when it is ended after the removal, and takes it up when asked again', async () => {
    const world = failed();
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: undefined });
    const run = fakeRun({ procedure: replaceMember, world, input });
    const third = world.hosts[2];
    const whole = third?.configure;
    if (third === undefined || whole === undefined) throw new Error('no host');
    third.configure = () =>
      Promise.reject(new OpsError('HOST_OUTPUT_UNKNOWN', 'The settings of etcd03 stand in a form that is not known.'));
    const stuck = await run.toEnd(approveAll);
    if (stuck.state !== 'waiting') throw new Error('no gate');
    run.decide(stuck.gate.gateId, 'abort');
    const ended = await run.once();
    third.configure = whole;

    const again = await fakeRun({ procedure: replaceMember, world, input }).toEnd(() => undefined);

    const end = run.entries.at(-1);
    expect(ended).toEqual({ state: 'ended', outcome: 'aborted' });
    expect(end?.type === 'run-ended' ? end.summary : '').toMatch(
      /etcd03 \(a2\) is removed and can never rejoin.*e0 at https:\/\/198\.51\.100\.3:2380 was added as a learner and never started: it has no vote and harms nothing\. `replace-member demo etcd03` goes on from here.*masked/s,
    );
    expect(again).toEqual({ state: 'ended', outcome: 'completed' });
    allServe(world);
  });

  it('does not put the data of a member aside that serves on it', async () => {
    const world = failed();
    world.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a2'));
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: spoiled(world) });
    const run = fakeRun({ procedure: replaceMember, world, input });
    const asked = await run.toEnd(() => undefined);
    if (asked.state !== 'waiting') throw new Error('no gate');
    const memberId = MemberId.parse('a2');
    world.site.memberships
      .get('etcd-cluster')
      ?.members.set(memberId, { memberId, name: 'etcd03', peerUrls: ['https://198.51.100.3:2380'], isLearner: true });
    world.machine('etcd03').unit.active = true;
    run.decide(asked.gate.gateId, 'approve');

    const came = await run.once();

    expect(asked.gate.stepId).toBe('put-data-aside');
    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'failure', reason: expect.stringContaining('its data-dir stays') } });
    expect(world.effects.log.some((effect) => effect.startsWith('stopAndMask'))).toBe(false);
  });

  it('shows its plan and changes nothing with --plan', async () => {
    const world = failed();
    const run = fakeRun({ procedure: replaceMember, world, input, mode: 'plan' });

    const came = await run.toEnd(() => undefined);

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.clock.now().toISOString()).toBe('2026-11-22T03:00:00.000Z');
    expect(world.effects.log).toEqual([]);
    const plans = Object.fromEntries(run.entries.flatMap((entry) => (entry.type === 'step-settled' ? [[entry.stepId, entry.plan]] : [])));
    expect(plans['remove-member']).toEqual([
      { on: 'etcd03', argv: ['systemctl', 'mask', 'etcd'] },
      { on: 'etcd03', argv: ['systemctl', 'stop', 'etcd'] },
      { on: 'bot', argv: ['etcdctl', 'member', 'remove', 'a2'] },
    ]);
    expect(Object.keys(plans)).toHaveLength(12);
  });
});
