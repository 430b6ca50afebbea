/** Kills the worker of a restore with SIGKILL, at every step boundary and inside every long step: another takes it up, the data is right, nothing is done twice. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { RunId } from '../../src/ids.ts';
import type { EtcdVersion } from '../lab/lab.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate, waitForStep } from '../stage/acting.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { hireCrew, useCrewedStage } from './crew.ts';
import { besideData, doneTwice, timesOnHosts } from './effects.ts';
import { killAtBoundaries, killInside, neverKilledAt, retriesInWords } from './killing.ts';
import type { Killed } from './killing.ts';
import { recorded } from './record.ts';

/** Some megabytes, so that a transfer and a restore take a moment. */
const valueBytes = 700_000;
const values = 20;

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', procedure: 'restore' } as const;

describe.each<EtcdVersion>(['3.4', '3.5'])('a worker of a restore on etcd %s', (etcd) => {
  const on = useCrewedStage({ name: `f-crash-${etcd.replace('.', '')}`, etcd });
  let begunAt: Date;
  beforeEach(async () => {
    await endOpenRuns(on.stage);
    await on.stage.lab.resetCluster();
    await on.stage.lab.etcdctl(['put', '/name/1', 'test']);
    for (let index = 0; index < values; index += 1)
      await on.stage.lab.etcdctl(['put', `/large/${index}`], { input: String(index % 10).repeat(valueBytes) });
    await waitForEnd(on.stage, await startRun(on.stage, 'backup demo'));
    for (const host of ['etcd02', 'etcd03']) await on.stage.lab.host(host).fault('lose-data');
    begunAt = new Date();
  });

  async function expectRestored(run: RunId, { view, entries, points, takeUpSeconds }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(on.stage, '/name/1')).toBe('test');
    const begun = new Set(entries.flatMap((entry) => (entry.type === 'step-started' ? [entry.stepId] : [])));
    expect(begun.size).toBe(view.steps.length - 1);
    expect(entries.filter((entry) => entry.type === 'gate-opened' && entry.gate.kind !== 'failure')).toHaveLength(2);
    expect(await doneTwice(on.stage, run)).toEqual([]);
    const once = { etcd01: 1, etcd02: 1, etcd03: 1 };
    expect(await timesOnHosts(on.stage, /systemctl mask/, begunAt)).toEqual(once);
    expect(await timesOnHosts(on.stage, /systemctl unmask/, begunAt)).toEqual(once);
    expect(await besideData(on.stage)).toEqual(Object.fromEntries(on.stage.lab.hosts.map(({ name }) => [name, `data.${run}.old`])));
    return { times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and the restore completes with each effect once', () =>
    recorded({ ...killed, where: 'at every step boundary', etcd }, async () => {
      const run = await startRun(on.stage, 'restore demo');

      const came = await killAtBoundaries({ ...on, run });

      expect(neverKilledAt(came)).toEqual([]);
      return { outcome: `completed${retriesInWords(came)}`, ...(await expectRestored(run, came)) };
    }));

  it('that is killed inside every long step is replaced each time, and the restore completes with each effect once', () =>
    recorded({ ...killed, where: 'inside hand-out, restore-aside, replace-data, start, configure', etcd }, async () => {
      const run = await startRun(on.stage, 'restore demo');
      const inside = {
        'hand-out': 'first change',
        'restore-aside': 'first change',
        'replace-data': 'first change',
        start: 'first change',
        configure: 'begun',
      } as const;

      const came = await killInside({ ...on, run }, inside);

      expect(came.points).toEqual(['hand-out', 'restore-aside', 'replace-data', 'start', 'configure'].map((step) => `inside ${step}`));
      return { outcome: `completed${retriesInWords(came)}`, ...(await expectRestored(run, came)) };
    }));

  // What follows is the same on every etcd.
  if (etcd === '3.5') return;

  it('that dies while the run waits at its gate loses nothing: the click counts', () =>
    recorded({ ...killed, where: 'while a card waits', etcd }, async () => {
      const run = await startRun(on.stage, 'restore demo');
      const gate = await waitForGate(on.stage, run, 'replace-data');
      await on.crew.dismiss();

      await clickCard(on.stage, gate, 'approve');
      on.crew = await hireCrew(on.stage);
      await clickCard(on.stage, await waitForGate(on.stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(on.stage, run);

      expect(view.outcome).toBe('completed');
      return { outcome: 'completed; the click of the time without a worker counted' };
    }));

  it('with the lock that is shipped is replaced within 45 s', () =>
    recorded({ ...killed, where: 'inside restore-aside, with the lock that is shipped (30 s and 15 s)', etcd }, async () => {
      await on.crew.dismiss();
      const shipped = join(on.stage.directory, 'shipped.yaml');
      const { worker: _short, ...config } = parse(await readFile(on.stage.configPath, 'utf8')) as Record<string, unknown>;
      await writeFile(shipped, stringify(config));
      on.crew = await hireCrew(on.stage, { ETCD_MEDIC_CONFIG: shipped });
      const run = await startRun(on.stage, 'restore demo');
      await waitForStep(on.stage, run, 'restore-aside');

      const taken = await on.crew.killHolder(run);
      await clickCard(on.stage, await waitForGate(on.stage, run, 'replace-data'), 'approve');
      await clickCard(on.stage, await waitForGate(on.stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(on.stage, run);

      await on.crew.dismiss();
      on.crew = await hireCrew(on.stage);
      const seconds = await taken.seconds;
      expect(view.outcome).toBe('completed');
      expect(await doneTwice(on.stage, run)).toEqual([]);
      expect(seconds).toBeGreaterThan(0);
      return { outcome: 'completed', takeUpSeconds: seconds === undefined ? [] : [seconds] };
    }));
});
