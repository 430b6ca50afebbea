/** Kills the worker of a replacement with SIGKILL, at every step boundary and inside every long step: another takes it up, and nothing is done twice. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { membersOf, storedBy, votersOf } from '../e2e/replacing.ts';
import type { EtcdVersion } from '../lab/lab.ts';
import { startRun } from '../stage/acting.ts';
import { useCrewedStage } from './crew.ts';
import { besideData, doneTwice } from './effects.ts';
import { killAtBoundaries, killInside, neverKilledAt, retriesInWords } from './killing.ts';
import type { Killed } from './killing.ts';
import { recorded } from './record.ts';

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', procedure: 'replace-member' } as const;

describe.each<EtcdVersion>(['3.4', '3.5'])('a worker of a replacement on etcd %s', (etcd) => {
  const on = useCrewedStage({ name: `f-repl-${etcd.replace('.', '')}`, etcd });
  let before: readonly number[];
  beforeEach(async () => {
    await endOpenRuns(on.stage);
    await on.stage.lab.resetCluster();
    await on.stage.lab.etcdctl(['put', '/name/1', 'test']);
    before = (await membersOf(on.stage)).map(({ ID }) => ID);
    await on.stage.lab.host('etcd03').fault('corrupt-data');
    await on.stage.lab.host('etcd03').exec(['systemctl', 'start', 'etcd'], { reject: false });
  });

  /** etcd itself tells whether a member was removed or added twice: by the ids it has now. */
  async function expectReplaced(run: RunId, { view, entries, points, takeUpSeconds }: Killed) {
    const members = await membersOf(on.stage);
    expect(view, view.conclusion).toMatchObject({ outcome: 'completed' });
    expect(entries.flatMap((entry) => (entry.type === 'gate-opened' && entry.gate.kind !== 'failure' ? [entry.gate.stepId] : []))).toEqual([
      'remove-member',
      'put-data-aside',
      'delete-old-data',
    ]);
    expect(await votersOf(on.stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
    expect(members).toHaveLength(3);
    expect(members.filter(({ ID }) => before.includes(ID))).toHaveLength(2);
    expect(await storedBy(on.stage, on.stage.lab.host('etcd03').clientUrl, '/name/1')).toBe('test');
    expect(await doneTwice(on.stage, run)).toEqual([]);
    expect(await besideData(on.stage)).toEqual({ etcd01: '', etcd02: '', etcd03: `data.${run}.old` });
    return { times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and the replacement completes with each effect once', () =>
    recorded({ ...killed, where: 'at every step boundary', etcd }, async () => {
      const run = await startRun(on.stage, 'replace-member demo etcd03');

      const came = await killAtBoundaries({ ...on, run });

      expect(neverKilledAt(came)).toEqual([]);
      return { outcome: `completed; one member removed, one added${retriesInWords(came)}`, ...(await expectReplaced(run, came)) };
    }));

  it('that is killed inside every long step is replaced each time, and the replacement completes with each effect once', () =>
    recorded(
      { ...killed, where: 'inside save-snapshot, remove-member, put-data-aside, start, promote (the learner catching up)', etcd },
      async () => {
        const run = await startRun(on.stage, 'replace-member demo etcd03');
        const inside = {
          'save-snapshot': 'begun',
          'remove-member': 'first change',
          'put-data-aside': 'first change',
          start: 'first change',
          promote: 'begun',
        } as const;

        const came = await killInside({ ...on, run }, inside);

        // A removal is one command: when it is seen, its step may be settled already.
        expect(came.points).toEqual(expect.arrayContaining(['inside put-data-aside', 'inside start', 'inside promote']));
        return { outcome: `completed; one member removed, one added${retriesInWords(came)}`, ...(await expectReplaced(run, came)) };
      },
    ));
});
