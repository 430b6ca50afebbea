import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/errors.ts';
import { recoverSpace } from '../../../src/procedures/recover-space.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { endingOf } from '../ending.ts';
import { fullWorld, membershipOf } from '../full-world.ts';

describe('a quota that is not known', () => {
  it('keeps NOSPACE while a member gives no answer, and Retry goes on', async () => {
    const world = fullWorld();
    const quotaBytes = world.etcd.quotaBytes.bind(world.etcd);
    let isSilent = true;
    world.etcd.quotaBytes = async (member) => {
      if (isSilent && member === 'etcd02') throw new OpsError('ETCD_UNREACHABLE', 'etcd02 does not say its metrics.');
      return quotaBytes(member);
    };
    const run = fakeRun({ procedure: recoverSpace, world });
    const came = await run.toEnd(approveAll);
    if (came.state !== 'waiting') throw new Error('no failure');
    const before = membershipOf(world).alarms.length;
    isSilent = false;
    run.decide(came.gate.gateId, 'retry');

    const ended = await run.toEnd(approveAll);

    expect(came.gate).toMatchObject({
      stepId: 'under-quota',
      reason: expect.stringContaining('Whether etcd02 is under its quota is not known: etcd02 does not say its metrics.') as string,
    });
    expect(before).toBe(1);
    expect(ended).toMatchObject({ outcome: 'completed' });
    expect(membershipOf(world).alarms).toEqual([]);
  });

  it('counts as etcd’s default where the metrics are served elsewhere, and the thread says so', async () => {
    const world = fullWorld();
    world.etcd.quotaBytes = async () => undefined;

    const { outcome, notes } = await endingOf(recoverSpace, world);

    expect(outcome).toBe('completed');
    expect(notes['under-quota']).toContain('2.1 GB (etcd’s default: its metrics do not say)');
  });
});
