import { describe, expect, it } from 'vitest';
import { MemberName } from '../../../src/ids.ts';
import { clocksAgree } from '../../../src/checkup/clocks.ts';
import { replaceMember } from '../../../src/procedures/replace-member.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import type { FakeWorld } from '../../fakes/world.ts';
import { failed, input } from '../replacing.ts';

/** Why a run waits at its look at the hosts. */
async function objection(world: FakeWorld): Promise<string> {
  const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(() => undefined);
  expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'failure', stepId: 'preflight' } });
  expect(world.effects.log).toEqual([]);
  return came.state === 'waiting' ? came.gate.reason : '';
}

describe('the look at the host of a member that is to join', () => {
  it.each(['preflight', 'safe-to-replace'])('asks again in %s when the members that stay are slow for a moment', async (stepId) => {
    const world = failed();
    const run = fakeRun({ procedure: replaceMember, world, input });
    const look = world.etcd.look.bind(world.etcd);
    let slow = 1;
    world.etcd.look = async () => {
      const seen = await look();
      const last = run.entries.at(-1);
      if (last?.type !== 'step-started' || last.stepId !== stepId || slow-- <= 0) return seen;
      const silent = { answers: false, code: 'timeout', reason: 'no answer within 2 s' } as const;
      return { ...seen, endpoints: seen.endpoints.map(({ member, endpoint }) => ({ member, endpoint, ...silent })) };
    };

    const came = await run.toEnd(() => undefined);

    expect(slow).toBeLessThan(1);
    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'approval', stepId: 'remove-member' } });
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

    expect(came.gate.reason).toMatch(/etcd03: The peer certificate .* does not cover 198\.51\.100\.3/);
    expect(came.gate.reason).toMatch(/etcd03 is 1\.6 s ahead of etcd01/);
    expect(came.gate.reason).toMatch(/Seen from etcd03, the peer port of etcd02 \(198\.51\.100\.2:2380\) gives no answer/);
    expect(ended).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('waits for a host that does not answer, and does not say of it what follows from that', async () => {
    const world = failed();
    world.machine('etcd03').powered = false;

    expect(await objection(world)).toMatch(/^etcd03 does not answer over ssh\.[^.]*\.$/);
  });

  it('says how much room is missing, and which version is wanted', async () => {
    const world = failed();
    world.machine('etcd03').freeBytes = 100_000_000;
    world.machine('etcd03').toolVersion = '3.5.16';

    const because = await objection(world);

    expect(because).toMatch(/has etcd 3\.5\.16, and the cluster runs 3\.4\.23: install the same minor version/);
    expect(because).toMatch(/100 MB free .* needs 134 MB: 34\.2 MB are missing/);
  });
});

describe('a host that answers slowly', () => {
  it('is not taken for one whose clock is behind', async () => {
    const world = failed();
    const second = world.hosts[1];
    const whole = second?.sight;
    if (second === undefined || whole === undefined) throw new Error('no host');
    const offsetsMs = [-1_700, -30, -1_200];
    second.sight = async () => ({ ...(await whole()), clockOffsetMs: offsetsMs.shift() ?? 0 });

    const came = await fakeRun({ procedure: replaceMember, world, input }).toEnd(() => undefined);

    expect(came).toMatchObject({ gate: { kind: 'approval', stepId: 'remove-member' } });
  });
});

describe('clocks of hosts', () => {
  const at = (...offsets: number[]) =>
    offsets.map((clockOffsetMs, index) => ({ name: MemberName.parse(`etcd0${index + 1}`), offsetMs: clockOffsetMs }));

  it('may differ by a second between any two, wherever the clock of the bot stands', () => {
    expect(clocksAgree(at(5_000, 5_500, 6_000))).toEqual({ holds: true });
    expect(clocksAgree(at(-600, 0, 600))).toMatchObject({ because: expect.stringContaining('etcd03 is 1.2 s ahead of etcd01') });
    expect(clocksAgree([])).toEqual({ holds: true });
  });
});
