import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { ordersOf, otherwise } from '../fakes/otherwise.ts';
import { fakeWorld } from '../fakes/world.ts';
import { endingOf } from './ending.ts';
import { dataLost, gateOf, oneStopped, picking, run, stopped, valuesOf } from './lost-quorum.ts';

describe('recover-quorum', () => {
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

  it('says of each host how it stands when a start is aborted, also beside one that does not answer, and what starts a masked one', async () => {
    const world = await stopped('etcd01', 'etcd02', 'etcd03');
    world.machine('etcd01').unit.masked = true;
    const right = otherwise(world.hosts[0], 'unmask-start', async () => {
      world.machine('etcd02').powered = false;
      throw new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer.');
    });

    const { summary } = await endingOf(recoverQuorum, world, { source: 'start' }, (gate) =>
      gate.kind === 'failure' ? 'abort' : undefined,
    );

    right();
    expect(summary).toMatch(
      /etcd01: etcd is inactive and masked, its data is as it was\.\netcd02: its data is as it was; how etcd stands could not be seen/,
    );
    expect(summary).toMatch(/To start it again:\netcd01\$ systemctl unmask etcd\netcd01\$ systemctl start etcd$/);
  });

  it('says what a copy means, and restores it with --skip-hash-check', async () => {
    const world = await oneStopped();
    const orders = ordersOf(world);
    const runs = fakeRun({ procedure: recoverQuorum, world });
    const choice = gateOf(await runs.toEnd(() => undefined));
    runs.decide(choice.gateId, { choose: 'survivor' });

    const approval = gateOf(await runs.once());

    expect(choice.options?.[0]?.detail).toMatch(/--skip-hash-check.*write-ahead log/);
    expect(approval).toMatchObject({ stepId: 'replace-data', reason: expect.stringContaining('--skip-hash-check') as string });
    expect(orders.map(({ withoutHashCheck }) => withoutHashCheck !== undefined)).toEqual([true, true, true]);
  });

  it('refuses a cluster that has quorum, and says what to do instead', async () => {
    const world = fakeWorld({ run });
    world.loseData('etcd03');
    const runs = fakeRun({ procedure: recoverQuorum, world });

    const came = await runs.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(runs.entries.at(-1)).toMatchObject({ summary: expect.stringMatching(/has quorum.*replace-member demo <member>/) as string });
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

  it('makes a choice void when etcd was started on the member whose database was to be copied', async () => {
    const world = await oneStopped();
    const runs = fakeRun({ procedure: recoverQuorum, world });
    const choice = gateOf(await runs.toEnd(() => undefined));
    world.machine('etcd01').unit.active = true;
    runs.decide(choice.gateId, { choose: 'survivor' });

    const again = gateOf(await runs.once());

    expect(again.options?.find(({ id }) => id === 'survivor')).toMatchObject({
      possible: false,
      detail: expect.stringContaining('etcd runs on etcd01 now') as string,
    });
  });

  it('begins the record of revisions anew for a rebuilt cluster', async () => {
    const world = await dataLost('etcd02', 'etcd03');
    await world.ledger.observe(1_000n);

    await fakeRun({ procedure: recoverQuorum, world, input: { source: 'survivor' } }).toEnd(picking('survivor'));

    expect((await world.ledger.highest())?.revision).toBeLessThan(20n);
  });
});
