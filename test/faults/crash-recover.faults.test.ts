/** Kills the worker of a recovery of quorum, and of one of space, at every step boundary and inside every long step. */
import { beforeEach, describe, expect, it } from 'vitest';
import { clickWay } from '../demo/stories/recover-quorum.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { clickCard, startRun, valueOf, waitForEnd } from '../stage/acting.ts';
import { fill, setQuota } from '../stage/quota.ts';
import { useCrewedStage } from './crew.ts';
import { besideData, defragmentations, doneTwice } from './effects.ts';
import { killAtBoundaries, killInside, neverKilledAt, retriesInWords } from './killing.ts';
import type { AnswerGate, Killed } from './killing.ts';
import { recorded } from './record.ts';
import type { RunId } from '../../src/ids.ts';

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', etcd: '3.4' } as const;
const quotaBytes = 32 * 1024 * 1024;

describe('a worker of a recovery of quorum', () => {
  const on = useCrewedStage({ name: 'f-quorum' });
  beforeEach(async () => {
    await endOpenRuns(on.stage);
    await on.stage.lab.resetCluster();
    await on.stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(on.stage, await startRun(on.stage, 'backup demo'));
    await on.stage.lab.etcdctl(['put', '/name/2', 'in no backup']);
    for (const host of ['etcd02', 'etcd03']) await on.stage.lab.host(host).fault('lose-data');
  });

  const survivor: AnswerGate = (stage, gate) =>
    gate.kind === 'choice'
      ? clickWay(stage, gate, 'survivor')
      : clickCard(stage, gate, gate.stepId === 'delete-old-data' ? 'reject' : 'approve');

  async function expectRecovered(run: RunId, { view, entries, points, takeUpSeconds, retries }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(on.stage, '/name/2')).toBe('in no backup');
    expect(entries.flatMap((entry) => (entry.type === 'gate-opened' && entry.gate.kind !== 'failure' ? [entry.gate.stepId] : []))).toEqual([
      'choose-way',
      'replace-data',
      'delete-old-data',
    ]);
    expect(await doneTwice(on.stage, run)).toEqual([]);
    expect(await besideData(on.stage)).toEqual(Object.fromEntries(on.stage.lab.hosts.map(({ name }) => [name, `data.${run}.old`])));
    return { outcome: `completed; also what no backup held is there${retriesInWords({ retries })}`, times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and the quorum is back with each effect once', () =>
    recorded({ ...killed, procedure: 'recover-quorum', where: 'at every step boundary' }, async () => {
      const run = await startRun(on.stage, 'recover-quorum demo');

      const came = await killAtBoundaries({ ...on, run, answer: survivor });

      expect(neverKilledAt(came)).toEqual([]);
      return expectRecovered(run, came);
    }));

  it('that is killed inside every long step is replaced each time, and the quorum is back with each effect once', () =>
    recorded(
      { ...killed, procedure: 'recover-quorum', where: 'inside save-survivor, hand-out, restore-aside, replace-data, start' },
      async () => {
        const run = await startRun(on.stage, 'recover-quorum demo');
        const inside = {
          'save-survivor': 'begun',
          'hand-out': 'first change',
          'restore-aside': 'first change',
          'replace-data': 'first change',
          start: 'first change',
        } as const;

        const came = await killInside({ ...on, run, answer: survivor }, inside);

        expect(came.points).toEqual(
          expect.arrayContaining(['inside hand-out', 'inside restore-aside', 'inside replace-data', 'inside start']),
        );
        return expectRecovered(run, came);
      },
    ));
});

describe('a worker of a recovery of space', () => {
  const on = useCrewedStage({ name: 'f-space' });
  let begunAt: Date;
  beforeEach(async () => {
    await endOpenRuns(on.stage);
    await on.stage.lab.resetCluster();
    await setQuota(on.stage, quotaBytes);
    await fill(on.stage);
    begunAt = new Date();
  });

  async function expectWritable({ view, points, takeUpSeconds, retries }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    await on.stage.lab.etcdctl(['put', '/name/1', 'again']);
    expect(await valueOf(on.stage, '/name/1')).toBe('again');
    expect((await on.stage.lab.etcdctl(['alarm', 'list'])).stdout).toBe('');
    expect(await defragmentations(on.stage, begunAt)).toEqual({ etcd01: 1, etcd02: 1, etcd03: 1 });
    return { outcome: `completed; each member defragmented once${retriesInWords({ retries })}`, times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and each member is defragmented once', () =>
    recorded({ ...killed, procedure: 'recover-space', where: 'at every step boundary' }, async () => {
      const run = await startRun(on.stage, 'recover-space demo');

      const came = await killAtBoundaries({ ...on, run });

      // The last step settles the run: when that is seen, nobody has it any more.
      expect(neverKilledAt(came).filter((step) => step !== 'clean-up')).toEqual([]);
      return expectWritable(came);
    }));

  it('that is killed inside every defragmentation and the compaction is replaced each time, and each member is defragmented once', () =>
    recorded(
      { ...killed, procedure: 'recover-space', where: 'inside save-snapshot, compact, defragment-followers, defragment-leader' },
      async () => {
        const run = await startRun(on.stage, 'recover-space demo');
        const begun = (times: number) => async () =>
          Object.values(await defragmentations(on.stage, begunAt)).reduce((sum, one) => sum + one, 0) >= times;
        const inside = {
          'save-snapshot': 'begun',
          compact: 'begun',
          'defragment-followers': begun(1),
          // One member is done before a host can be asked whether it began.
          'defragment-leader': 'begun',
        } as const;

        const came = await killInside({ ...on, run }, inside);

        expect(came.points).toEqual(expect.arrayContaining(['inside defragment-followers', 'inside defragment-leader']));
        return expectWritable(came);
      },
    ));
});
