/** Kills the worker of a restore with SIGKILL, at every step boundary and inside every long step: another takes it up, the data is right, nothing is done twice. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { RunId } from '../../src/ids.ts';
import type { EtcdVersion } from '../lab/lab.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate, waitForStep } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { hireCrew } from './crew.ts';
import type { Crew } from './crew.ts';
import { besideData, doneTwice, timesOnHosts } from './effects.ts';
import { killAtBoundaries, killInside, neverKilledAt, retriesInWords } from './killing.ts';
import type { Killed } from './killing.ts';
import { recorded } from './record.ts';

/** Some megabytes, so that a transfer and a restore take a moment. */
const valueBytes = 700_000;
const values = 20;

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', procedure: 'restore' } as const;

describe.each<EtcdVersion>(['3.4', '3.5'])('a worker of a restore on etcd %s', (etcd) => {
  let stage: Stage;
  let crew: Crew;
  let begunAt: Date;
  beforeAll(async () => {
    stage = await createStage({ name: `f-crash-${etcd.replace('.', '')}`, etcd });
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
    for (let index = 0; index < values; index += 1)
      await stage.lab.etcdctl(['put', `/large/${index}`], { input: String(index % 10).repeat(valueBytes) });
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
    begunAt = new Date();
  });

  async function expectRestored(run: RunId, { view, entries, points, takeUpSeconds }: Killed) {
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('test');
    const begun = new Set(entries.flatMap((entry) => (entry.type === 'step-started' ? [entry.stepId] : [])));
    expect(begun.size).toBe(view.steps.length - 1);
    expect(entries.filter((entry) => entry.type === 'gate-opened' && entry.gate.kind !== 'failure')).toHaveLength(2);
    expect(await doneTwice(stage, run)).toEqual([]);
    const once = { etcd01: 1, etcd02: 1, etcd03: 1 };
    expect(await timesOnHosts(stage, /systemctl mask/, begunAt)).toEqual(once);
    expect(await timesOnHosts(stage, /systemctl unmask/, begunAt)).toEqual(once);
    expect(await besideData(stage)).toEqual(Object.fromEntries(stage.lab.hosts.map(({ name }) => [name, `data.${run}.old`])));
    return { times: points.length, takeUpSeconds };
  }

  it('that is killed at every step boundary is replaced each time, and the restore completes with each effect once', () =>
    recorded({ ...killed, where: 'at every step boundary', etcd }, async () => {
      const run = await startRun(stage, 'restore demo');

      const came = await killAtBoundaries({ stage, run, crew });

      expect(neverKilledAt(came)).toEqual(['delete-old-data']);
      return { outcome: `completed${retriesInWords(came)}`, ...(await expectRestored(run, came)) };
    }));

  it('that is killed inside every long step is replaced each time, and the restore completes with each effect once', () =>
    recorded({ ...killed, where: 'inside hand-out, restore-aside, replace-data, start, configure', etcd }, async () => {
      const run = await startRun(stage, 'restore demo');
      const inside = {
        'hand-out': 'first change',
        'restore-aside': 'first change',
        'replace-data': 'first change',
        start: 'first change',
        configure: 'begun',
      } as const;

      const came = await killInside({ stage, run, crew }, inside);

      expect(came.points).toEqual(['hand-out', 'restore-aside', 'replace-data', 'start', 'configure'].map((step) => `inside ${step}`));
      return { outcome: `completed${retriesInWords(came)}`, ...(await expectRestored(run, came)) };
    }));

  // What follows is the same on every etcd.
  if (etcd === '3.5') return;

  it('that dies while the run waits at its gate loses nothing: the click counts', () =>
    recorded({ ...killed, where: 'while a card waits', etcd }, async () => {
      const run = await startRun(stage, 'restore demo');
      const gate = await waitForGate(stage, run, 'replace-data');
      await crew.dismiss();

      await clickCard(stage, gate, 'approve');
      crew = await hireCrew(stage);
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      expect(view.outcome).toBe('completed');
      return { outcome: 'completed; the click of the time without a worker counted' };
    }));

  it('with the lock that is shipped is replaced within 45 s', () =>
    recorded({ ...killed, where: 'inside restore-aside, with the lock that is shipped (30 s and 15 s)', etcd }, async () => {
      await crew.dismiss();
      const shipped = join(stage.directory, 'shipped.yaml');
      const { worker: _short, ...config } = parse(await readFile(stage.configPath, 'utf8')) as Record<string, unknown>;
      await writeFile(shipped, stringify(config));
      crew = await hireCrew(stage, { ETCD_MEDIC_CONFIG: shipped });
      const run = await startRun(stage, 'restore demo');
      await waitForStep(stage, run, 'restore-aside');

      const seconds = await crew.killHolder(run);
      await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      await crew.dismiss();
      crew = await hireCrew(stage);
      expect(view.outcome).toBe('completed');
      expect(await doneTwice(stage, run)).toEqual([]);
      expect(seconds).toBeGreaterThan(0);
      return { outcome: 'completed', takeUpSeconds: seconds === undefined ? [] : [seconds] };
    }));
});
