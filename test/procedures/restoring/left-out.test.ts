import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/errors.ts';
import { recoverQuorum } from '../../../src/procedures/recover-quorum.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { dataLost, gateOf, oneHostOff, picking } from '../lost-quorum.ts';

describe('recover-quorum and a host that does not answer', () => {
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
});
