/** Kills the worker of a recovery of quorum, and of one of space, at every step boundary and inside every long step. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickWay } from '../demo/stories/recover-quorum.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { clickCard, startRun, valueOf, waitForEnd } from '../stage/acting.ts';
import { fill, setQuota } from '../stage/quota.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { hireCrew } from './crew.ts';
import type { Crew } from './crew.ts';
import { besideData, defragmentations, doneTwice } from './effects.ts';
import { killAtBoundaries, killInside, neverKilledAt, retriesInWords } from './killing.ts';
import type { AnswerGate, Killed } from './killing.ts';
import { recorded } from './record.ts';
import type { RunId } from '../../src/ids.ts';

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', etcd: '3.4' } as const;
const quotaBytes = 32 * 1024 * 1024;

describe('a worker of a recovery of quorum', () => {
  let stage: Stage;
  let crew: Crew;
  beforeAll(async () => {
    stage = await createStage({ name: 'f-quorum' });
    await stage.start('bot,reports');
    crew = await hireCrew(stage);
  });
  afterAll(async () => {
    await crew?.dismiss();
    await stage?.down();
  });
  beforeEach(async () => {
    await endOpenRuns(stage);
    await stage.lab.resetCluster();
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    await stage.lab.etcdctl(['put', '/name/2', 'in no backup']);
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
  });

  const survivor: AnswerGate = (on, gate) =>
    gate.kind === 'choice' ? clickWay(on, gate, 'survivor') : clickCard(on, gate, gate.stepId === 'delete-old-data' ? 'reject' : 'approve');

  async function expectRecovered(run: RunId, { view, entries, points, takeUpSeconds, retries }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(stage, '/name/2')).toBe('in no backup');
    expect(entries.flatMap((entry) => (entry.type === 'gate-opened' && entry.gate.kind !== 'failure' ? [entry.gate.stepId] : []))).toEqual([
      'choose-way',
      'replace-data',
      'delete-old-data',
    ]);
    expect(await doneTwice(stage, run)).toEqual([]);
    expect(await besideData(stage)).toEqual(Object.fromEntries(stage.lab.hosts.map(({ name }) => [name, `data.${run}.old`])));
    return { outcome: `completed; also what no backup held is there${retriesInWords({ retries })}`, times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and the quorum is back with each effect once', () =>
    recorded({ ...killed, procedure: 'recover-quorum', where: 'at every step boundary' }, async () => {
      const run = await startRun(stage, 'recover-quorum demo');

      const came = await killAtBoundaries({ stage, run, crew, answer: survivor });

      expect(neverKilledAt(came)).toEqual(['delete-old-data']);
      return expectRecovered(run, came);
    }));

  it('that is killed inside every long step is replaced each time, and the quorum is back with each effect once', () =>
    recorded(
      { ...killed, procedure: 'recover-quorum', where: 'inside save-survivor, hand-out, restore-aside, replace-data, start' },
      async () => {
        const run = await startRun(stage, 'recover-quorum demo');
        const inside = {
          'save-survivor': 'begun',
          'hand-out': 'first change',
          'restore-aside': 'first change',
          'replace-data': 'first change',
          start: 'first change',
        } as const;

        const came = await killInside({ stage, run, crew, answer: survivor }, inside);

        expect(came.points).toEqual(
          expect.arrayContaining(['inside hand-out', 'inside restore-aside', 'inside replace-data', 'inside start']),
        );
        return expectRecovered(run, came);
      },
    ));
});

describe('a worker of a recovery of space', () => {
  let stage: Stage;
  let crew: Crew;
  let begunAt: Date;
  beforeAll(async () => {
    stage = await createStage({ name: 'f-space' });
    await stage.start('bot,reports');
    crew = await hireCrew(stage);
  });
  afterAll(async () => {
    await crew?.dismiss();
    await stage?.down();
  });
  beforeEach(async () => {
    await endOpenRuns(stage);
    await stage.lab.resetCluster();
    await setQuota(stage, quotaBytes);
    await fill(stage);
    begunAt = new Date();
  });

  async function expectWritable({ view, points, takeUpSeconds, retries }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    await stage.lab.etcdctl(['put', '/name/1', 'again']);
    expect(await valueOf(stage, '/name/1')).toBe('again');
    expect((await stage.lab.etcdctl(['alarm', 'list'])).stdout).toBe('');
    expect(await defragmentations(stage, begunAt)).toEqual({ etcd01: 1, etcd02: 1, etcd03: 1 });
    return { outcome: `completed; each member defragmented once${retriesInWords({ retries })}`, times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and each member is defragmented once', () =>
    recorded({ ...killed, procedure: 'recover-space', where: 'at every step boundary' }, async () => {
      const run = await startRun(stage, 'recover-space demo');

      const came = await killAtBoundaries({ stage, run, crew });

      // The last step settles the run: when that is seen, nobody has it any more.
      expect(neverKilledAt(came).filter((step) => step !== 'clean-up')).toEqual([]);
      return expectWritable(came);
    }));

  it('that is killed inside every defragmentation and the compaction is replaced each time, and each member is defragmented once', () =>
    recorded(
      { ...killed, procedure: 'recover-space', where: 'inside save-snapshot, compact, defragment-followers, defragment-leader' },
      async () => {
        const run = await startRun(stage, 'recover-space demo');
        const begun = (times: number) => async () =>
          Object.values(await defragmentations(stage, begunAt)).reduce((sum, one) => sum + one, 0) >= times;
        const inside = {
          'save-snapshot': 'begun',
          compact: 'begun',
          'defragment-followers': begun(1),
          'defragment-leader': begun(3),
        } as const;

        const came = await killInside({ stage, run, crew }, inside);

        expect(came.points).toEqual(expect.arrayContaining(['inside defragment-followers', 'inside defragment-leader']));
        return expectWritable(came);
      },
    ));
});
