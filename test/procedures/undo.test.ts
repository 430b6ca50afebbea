import { describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { undo } from '../../src/procedures/undo.ts';
import { fakeRun } from '../fakes/run.ts';
import { endingOf } from './ending.ts';
import { gateOf } from './lost-quorum.ts';
import { afterRun, everywhere, gated, input, restoreRun, restoredAfterLoss, restoredWhileHealthy, undoRun } from './undoable.ts';

const next = RunId.parse('undo-demo-bbbbbb');

describe('undo', () => {
  it('says on the card what is lost, and that the present data is put aside and can be had back', async () => {
    const world = await restoredWhileHealthy();

    const gate = gateOf(await fakeRun({ procedure: undo, world, input }).toEnd(() => undefined));

    expect(gate.reason).toMatch(
      /everything written since restore-demo-7f3a9c put its data in place \(3 revisions, from 7 to 10; 2 of them are that run’s own canary\)/,
    );
    expect(gate.reason).toContain('The present data is put aside on every host and not deleted: `undo undo-demo-aaaaaa` puts it back.');
    expect(gate.reason).toContain('The cluster id goes back from c1 to c0. Revisions go back to 8');
    expect(gate.facts).toMatchObject({
      undoes: restoreRun,
      'cluster id': 'c1',
      'kept data on etcd01': expect.stringContaining('data.restore-demo-7f3a9c.old, 1.0 kB') as string,
    });
  });

  it('saves the present data first while somebody serves it, and does without where nobody does', async () => {
    const served = await restoredWhileHealthy();
    const down = await restoredWhileHealthy();
    for (const { unit } of down.site.machines.values()) unit.active = false;

    await endingOf(undo, served, input);
    const { outcome } = await endingOf(undo, down, input);

    expect(served.snapshots.records[0]).toMatchObject({ run: undoRun, revision: 10n });
    expect(outcome).toBe('completed');
    expect(down.snapshots.records).toHaveLength(1);
  });

  it('does not put data back when the snapshot of the present data is gone', async () => {
    const world = await restoredWhileHealthy();
    const run = fakeRun({ procedure: undo, world, input });
    const gate = gateOf(await run.toEnd(() => undefined));
    world.snapshots.records.splice(0, 1);
    run.decide(gate.gateId, 'approve');

    const came = gateOf(await run.once());

    expect(came).toMatchObject({ kind: 'failure', reason: expect.stringContaining('is not in the backup directory') as string });
    expect(world.effects.log.filter((effect) => gated.includes(effect.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('is undone by the same word, with what was written before it and not after', async () => {
    const first = await afterRun(await restoredWhileHealthy(), { procedure: undo, input, next });
    await first.etcd.put('/name/4', 'between the two');

    const { outcome, summary } = await endingOf(undo, first, { run: undoRun });

    expect(outcome).toBe('completed');
    expect(everywhere(first, '/name/3')).toEqual(Array(3).fill('after the restore'));
    expect(everywhere(first, '/name/4')).toEqual(Array(3).fill(undefined));
    expect(first.machine('etcd02').settings).toMatchObject({ initialClusterState: 'existing', initialClusterToken: 'etcd-cluster-7f3a9c' });
    expect([...first.machine('etcd01').dirs.keys()].toSorted()).toEqual(['/data/etcd/data', '/data/etcd/data.undo-demo-bbbbbb.old']);
    expect(summary).toContain('etcd01:/data/etcd/data.undo-demo-bbbbbb.old');
  });

  it('leaves a member that had no data before stopped and masked, and says how it is brought in', async () => {
    const { summary } = await endingOf(undo, await restoredAfterLoss('etcd03'), input);

    expect(summary).toContain(
      'etcd03 had no usable data before either: etcd there is stopped and masked. `replace-member demo etcd03` brings it in.',
    );
  });

  it('leaves settings alone that somebody has changed since, and says nothing of them', async () => {
    const world = await restoredWhileHealthy();
    world.machine('etcd02').settings.initialClusterToken = 'of somebody';

    await endingOf(undo, world, input);

    expect(world.machine('etcd02').settings).toMatchObject({ initialClusterState: 'existing', initialClusterToken: 'of somebody' });
    expect(world.machine('etcd01').settings).toMatchObject({ initialClusterState: 'new' });
  });

  it('begins the record of revisions anew', async () => {
    const world = await restoredWhileHealthy();

    await endingOf(undo, world, input);

    expect(await world.ledger.highest()).toMatchObject({ revision: 9n });
  });

  it('voids the approval when the data-dirs are others by then', async () => {
    const world = await restoredWhileHealthy();
    const run = fakeRun({ procedure: undo, world, input });
    const gate = gateOf(await run.toEnd(() => undefined));
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:999', data: undefined });
    run.decide(gate.gateId, 'approve');

    const came = gateOf(await run.once());

    expect(came).toMatchObject({
      kind: 'failure',
      reason: expect.stringContaining('/data/etcd/data on etcd03 is not what restore-demo-7f3a9c has put there') as string,
    });
    expect(world.effects.log.filter((effect) => gated.includes(effect.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('tells a directory by its inode, as a device gets another number when its host starts again', async () => {
    const world = await restoredWhileHealthy();
    for (const { dirs } of world.site.machines.values())
      for (const [path, dir] of dirs) dirs.set(path, { ...dir, identity: dir.identity.replace('8:', '9:') });

    expect(await endingOf(undo, world, input)).toMatchObject({ outcome: 'completed' });
  });

  it('shows its plan and changes nothing with --plan', async () => {
    const world = await restoredWhileHealthy();
    const run = fakeRun({ procedure: undo, world, input, mode: 'plan' });

    expect(await run.toEnd(() => undefined)).toEqual({ state: 'ended', outcome: 'planned' });
    expect(world.effects.log).toEqual([]);
  });
});
