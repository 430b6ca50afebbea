import { describe, expect, it } from 'vitest';
import { MemberName, RunId, SnapshotFileName } from '../../src/ids.ts';
import { restore } from '../../src/procedures/restore.ts';
import { ordersOf } from '../fakes/otherwise.ts';
import { fakeRun } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { keepOld, quorumLost, valuesOf } from './restorable.ts';

describe('restore of a file that a person put there', () => {
  const name = SnapshotFileName.parse('file:etcd01.db');

  function putThere(kind: 'snapshot' | 'database-copy'): FakeWorld {
    const world = quorumLost();
    const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (data === undefined) throw new Error('no data');
    world.snapshots.put(name, kind, {
      ...data,
      revision: 9n,
      keys: new Map([['/name/1', { value: 'bare', modRevision: 9n, version: 2n }]]),
    });
    return world;
  }

  it('restores a copied database with --skip-hash-check, and says on the card what that means', async () => {
    const world = putThere('database-copy');
    const orders = ordersOf(world);
    const run = fakeRun({ procedure: restore, world, input: { snapshot: name } });
    const gate = await run.toEnd(() => undefined);
    if (gate.state !== 'waiting') throw new Error('no gate');
    run.decide(gate.gate.gateId, 'approve');

    const came = await run.toEnd(keepOld);

    expect(gate.gate).toMatchObject({
      stepId: 'replace-data',
      reason: expect.stringMatching(/1 revision: everything written after revision 9.*--skip-hash-check.*write-ahead log/s),
      facts: { snapshot: expect.stringContaining('restored with --skip-hash-check') },
    });
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(orders.map(({ withoutHashCheck }) => withoutHashCheck !== undefined)).toEqual([true, true, true]);
    expect(valuesOf(world)).toEqual(['bare', 'bare', 'bare']);
  });

  it('restores nothing from a copy that a host has lost a part of since it was handed over', async () => {
    const world = putThere('database-copy');
    const torn = world.machine('etcd02');
    const host = world.hosts[1];
    if (host === undefined) throw new Error('no second host');
    const whole = host.handOver.bind(host);
    host.handOver = async (delivery, progress) => {
      await whole(delivery, progress);
      for (const path of torn.files.keys()) torn.files.set(path, 'torn');
    };
    const run = fakeRun({ procedure: restore, world, input: { snapshot: name } });

    const came = await run.toEnd(() => undefined);

    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'failure', stepId: 'restore-aside' } });
    expect(run.entries.find(({ type }) => type === 'step-failed')).toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      because: expect.stringMatching(/etcd02: .*\.snapshot has sha256 torn.*nothing is restored from it/) as string,
    });
    expect([...torn.dirs.keys()]).toEqual([]);
  });

  it('checks the hash of one that has it', async () => {
    const world = putThere('snapshot');
    const orders = ordersOf(world);

    const came = await fakeRun({ procedure: restore, world, input: { snapshot: name } }).toEnd(keepOld);

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(orders.some(({ withoutHashCheck }) => withoutHashCheck !== undefined)).toBe(false);
  });

  it('never takes a copy that was not named', async () => {
    const world = quorumLost();
    const [good] = world.snapshots.records;
    world.machine('etcd01').unit.active = false;
    await world.snapshots.saveCopy({
      run: RunId.parse('recover-quorum-demo-000001'),
      origin: {
        member: MemberName.parse('etcd01'),
        clusterId: undefined,
        etcdVersion: '3.4.23',
        authEnabled: undefined,
        v2Keys: 'unknown',
      },
      progress: () => undefined,
      fetch: async () => ({ bytes: 1, sha256: '' }),
    });
    const run = fakeRun({ procedure: restore, world });

    await run.toEnd(() => undefined);

    expect(world.snapshots.records[0]?.kind).toBe('database-copy');
    expect(run.entries.find(({ type }) => type === 'run-prepared')).toMatchObject({ prepared: { snapshot: good?.id } });
  });

  it('takes no name that leads out of the directory', () => {
    expect(restore.input.safeParse({ snapshot: 'file:../../etc/shadow.db' }).error?.issues[0]?.message).toContain('file:NAME.db');
  });
});

describeCrashPoints({
  procedure: restore,
  world: () => {
    const world = quorumLost();
    const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (data !== undefined) world.snapshots.put(SnapshotFileName.parse('file:etcd01.db'), 'database-copy', data);
    return world;
  },
  input: { snapshot: 'file:etcd01.db' },
  answers: keepOld,
  gated: ['stopAndMask', 'swapDataDir', 'deleteAside'],
  restored: (world) => expect(valuesOf(world)).toEqual(['test', 'test', 'test']),
});
