/** One defragmentation after the other, as recover-space has them carried out. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/errors.ts';
import { recoverSpace } from '../../../src/procedures/recover-space.ts';
import { approveAll, fakeRun } from '../../fakes/run.ts';
import { dataOf, fullWorld, raise } from '../full-world.ts';

describe('defragmenting one by one', () => {
  it('looks at the disk again right before each member', async () => {
    const world = fullWorld();
    const defragment = world.etcd.defragment.bind(world.etcd);
    world.etcd.defragment = async (member) => {
      await defragment(member);
      world.machine('etcd03').freeBytes = 0;
    };

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { stepId: 'defragment-followers', reason: expect.stringContaining('etcd03 is not defragmented: etcd03 has 0 bytes free') },
    });
    expect(world.effects.log.filter((effect) => effect.startsWith('defragment'))).toEqual(['defragment etcd02']);
  });

  it('defragments no other member while one still catches up, and none while CORRUPT is raised', async () => {
    const behind = fullWorld();
    const defragment = behind.etcd.defragment.bind(behind.etcd);
    const look = behind.etcd.look.bind(behind.etcd);
    let lags = false;
    behind.etcd.defragment = async (member) => {
      await defragment(member);
      lags = true;
    };
    behind.etcd.look = async () => {
      const seen = await look();
      if (!lags) return seen;
      return {
        ...seen,
        endpoints: seen.endpoints.map((endpoint) =>
          endpoint.answers && endpoint.member === 'etcd02'
            ? { ...endpoint, status: { ...endpoint.status, raftAppliedIndex: 5n } }
            : endpoint,
        ),
      };
    };
    const corrupt = fullWorld();
    const physical = corrupt.etcd.compact.bind(corrupt.etcd);
    corrupt.etcd.compact = async (revision, approval) => {
      await physical(revision, approval);
      raise(corrupt, 'CORRUPT', 'a1');
    };

    const lagged = await fakeRun({ procedure: recoverSpace, world: behind }).toEnd(approveAll);
    const suspected = await fakeRun({ procedure: recoverSpace, world: corrupt }).toEnd(approveAll);

    expect(lagged).toMatchObject({ gate: { stepId: 'defragment-followers', reason: expect.stringContaining('etcd02 still catches up') } });
    expect(behind.effects.log.filter((effect) => effect.startsWith('defragment'))).toEqual(['defragment etcd02']);
    expect(suspected).toMatchObject({
      gate: { stepId: 'defragment-followers', reason: expect.stringContaining('CORRUPT is raised for etcd02') },
    });
    expect(corrupt.effects.log.some((effect) => effect.startsWith('defragment'))).toBe(false);
  });

  it('watches a defragmentation that timed out to its end instead of sending it again', async () => {
    const world = fullWorld();
    const defragment = world.etcd.defragment.bind(world.etcd);
    const answers = world.etcd.answersFromStore.bind(world.etcd);
    let busyFor = 0;
    world.etcd.defragment = async (member) => {
      busyFor = 20;
      await defragment(member);
      throw new OpsError('ETCD_REQUEST_FAILED', 'no answer within 5 s');
    };
    world.etcd.answersFromStore = async (member) => (busyFor-- > 0 ? false : answers(member));

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(came).toMatchObject({ outcome: 'completed' });
    expect(world.effects.log.filter((effect) => effect.startsWith('defragment'))).toHaveLength(3);
  });

  it('waits after a crash for the end of a defragmentation that still runs, and does not send it again', async () => {
    const world = fullWorld();
    const defragment = world.etcd.defragment.bind(world.etcd);
    const answers = world.etcd.answersFromStore.bind(world.etcd);
    const sent: string[] = [];
    let looksLeft = 40;
    world.etcd.defragment = async (member) => {
      sent.push(member);
      if (sent.length === 1) world.effects.crashAt({ effect: world.effects.begun, moment: 'before' });
      return defragment(member);
    };
    world.etcd.answersFromStore = async (member) => {
      if (member !== 'etcd02' || sent.length === 0 || looksLeft === 0) return answers(member);
      looksLeft -= 1;
      // At its end the file has shrunk.
      if (looksLeft === 0) for (const data of dataOf(world)) if (data.memberId === 'a1') data.dbSizeBytes = data.dbSizeInUseBytes;
      return false;
    };

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(came).toMatchObject({ outcome: 'completed' });
    expect(looksLeft).toBe(0);
    expect(sent).toEqual(['etcd02', 'etcd03', 'etcd01']);
  });

  it('gives up on a member that has gone, and says why it does not answer', async () => {
    const world = fullWorld();
    world.etcd.defragment = async () => {
      world.machine('etcd02').unit.active = false;
      throw new OpsError('ETCD_OUTCOME_UNKNOWN', 'the connection was lost');
    };

    const came = await fakeRun({ procedure: recoverSpace, world }).toEnd(approveAll);

    expect(came).toMatchObject({
      gate: { stepId: 'defragment-followers', reason: 'etcd02 does not answer any more: connection refused.' },
    });
  });
});
