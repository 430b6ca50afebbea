import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { backups } from '../../src/procedures/backups.ts';
import { v2Backup } from '../../src/procedures/v2-backup.ts';
import { approveAll, fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';

/** A cluster with keys of both APIs. */
function mixed(options: { members?: number } = {}): FakeWorld {
  const world = fakeWorld({ run: 'v2-backup-demo-7f3a9c', ...options });
  for (const { dirs } of world.site.machines.values()) dirs.get(world.site.dataDir)?.data?.v2Keys.set('/name/2', 'two');
  return world;
}

function tidy(world: FakeWorld): void {
  for (const { dirs, files } of world.site.machines.values())
    expect([...dirs.keys(), ...files.keys()].filter((path) => path.includes('v2-backup'))).toEqual([]);
}

describeCrashPoints({
  procedure: v2Backup,
  world: () => mixed(),
  gated: [],
  restored: (world) => {
    expect(world.snapshots.v2.records).toHaveLength(1);
    const [record] = world.snapshots.v2.records;
    const content = world.site.v2Archives.get(record?.sha256 ?? '');
    expect([content?.v2Keys.get('/name/2'), content?.keys.size]).toEqual(['two', 0]);
    tidy(world);
  },
});

describe('v2-backup', () => {
  it('says which member it is made of, at which raft index, and what it does not hold', async () => {
    const world = mixed();
    const run = fakeRun({ procedure: v2Backup, world });

    await run.toEnd(approveAll);

    const end = run.entries.at(-1);
    expect(end?.type === 'run-ended' ? end.summary : '').toMatch(
      /API 2 of demo is backed up as 20261122T\d{6}Z-index10: 20\.0 kB, 1 key, made of etcd02, with all up to raft index 10, .* It holds nothing of API 3/,
    );
  });

  it('takes a member that is stopped when it is named, and says that the last writes may be missing', async () => {
    const world = mixed();
    world.machine('etcd03').unit.active = false;
    const run = fakeRun({ procedure: v2Backup, world, input: { from: 'etcd03' } });

    await run.toEnd(approveAll);

    expect(world.snapshots.v2.records[0]).toMatchObject({ member: 'etcd03', raftIndex: 0n });
    expect(run.entries.find((entry) => entry.type === 'step-settled' && entry.stepId === 'make-backup')).toMatchObject({
      note: expect.stringContaining('may not be in it'),
    });
  });

  it('ends at once, with what the version can and cannot do, where there is no API 2', async () => {
    const world = mixed();
    world.etcd.v2.contents = () => Promise.reject(new OpsError('ETCD_API_NOT_SERVED', 'etcd 3.6.1 has no API 2.'));
    const run = fakeRun({ procedure: v2Backup, world });

    const came = await run.toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(run.entries.at(-1)).toMatchObject({ summary: expect.stringContaining('has no API 2') });
    expect(world.effects.log).toEqual([]);
  });

  it('stores nothing that holds data of API 3, and says why', async () => {
    const world = mixed();
    const [, second] = world.hosts;
    if (second === undefined) throw new Error('no host');
    const { inspect } = second.v2;
    second.v2.inspect = async (run) => {
      const facts = await inspect(run);
      return facts && { ...facts, v3: { held: true, revision: 4n, totalKeys: 8 } };
    };
    const run = fakeRun({ procedure: v2Backup, world });
    const came = await run.toEnd(() => undefined);
    if (came.state !== 'waiting') throw new Error('no gate');

    run.decide(came.gate.gateId, 'abort');
    await run.once();

    expect(came.gate).toMatchObject({ kind: 'failure', stepId: 'check-backup', reason: expect.stringContaining('cannot be restored') });
    expect(world.snapshots.v2.records).toEqual([]);
    tidy(world);
  });

  it('refuses a backup whose log does not reach its snapshot: etcd would not start from it', async () => {
    const world = mixed();
    const [, second] = world.hosts;
    if (second === undefined) throw new Error('no host');
    const { inspect } = second.v2;
    second.v2.inspect = async (run) => {
      const facts = await inspect(run);
      return facts && { ...facts, commitIndex: 9_990n, snapshotIndex: 10_000n };
    };

    const came = await fakeRun({ procedure: v2Backup, world }).toEnd(() => undefined);

    expect(came).toMatchObject({ gate: { stepId: 'check-backup', reason: expect.stringContaining('etcd would not start from it') } });
  });

  it('changes nothing with --plan', async () => {
    const world = mixed();

    const came = await fakeRun({ procedure: v2Backup, world, mode: 'plan' }).toEnd(approveAll);

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.effects.log).toEqual([]);
  });
});

describe('backups', () => {
  it('lists backups of API 2 too, also where there is no snapshot', async () => {
    const world = mixed();
    await fakeRun({ procedure: v2Backup, world }).toEnd(approveAll);

    const { parts } = await backups.answer({}, world);

    expect(parts).toEqual([
      { type: 'sentence', text: '1 backup of API 2, which `v2-restore demo` puts back:' },
      { type: 'sentence', text: expect.stringMatching(/^20261122T\d{6}Z-index10: \d+ seconds? old, 20\.0 kB, 1 key, made of etcd02/) },
    ]);
  });
});
