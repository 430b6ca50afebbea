/** Undoing on real hosts: the main story, that holds on every version of etcd. */
import { expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

/** One key in the backup, one written after it. */
export async function written(stage: Stage): Promise<void> {
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  await stage.lab.etcdctl(['put', '/name/2', 'after the backup']);
}

/** Carries out what replaces data; bob approves it, and keeps the old data-dirs. */
export async function replacing(stage: Stage, words: string): Promise<RunId> {
  const run = await startRun(stage, words);
  await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
  await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
  await waitForEnd(stage, run);
  return run;
}

/** Undoes a run, with bob's approval. */
export async function undoing(stage: Stage, undone: RunId): Promise<RunId> {
  const run = await startRun(stage, `undo ${undone}`);
  await clickCard(stage, await waitForGate(stage, run, 'put-back'), 'approve', people.bob);
  const view = await waitForEnd(stage, run);
  expect(view, view.conclusion).toMatchObject({ outcome: 'completed' });
  return run;
}

/** As which cluster every member serves. */
export async function clusterIds(stage: Stage): Promise<string[]> {
  const { stdout } = await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json']);
  const rows = stdout.match(/"cluster_id":(\d+)/g) ?? [];
  return rows.map((row) => BigInt(row.slice('"cluster_id":'.length)).toString(16));
}

/** What lies beside the data-dir on every host, without what only the lab put there. */
export async function asideOn(stage: Stage): Promise<string[][]> {
  return Promise.all(
    stage.lab.hosts.map(async ({ exec }) =>
      (await exec(['sh', '-c', 'ls -d /data/etcd/data.* 2>/dev/null || true'])).stdout.split('\n').filter(Boolean),
    ),
  );
}

/** The lines of etcd's settings that a restore changes. */
export async function settingsOn(stage: Stage): Promise<string[]> {
  const hosts = stage.lab.hosts.map(
    async ({ exec }) => (await exec(['grep', '-E', '^ETCD_INITIAL_CLUSTER(_STATE|_TOKEN)?=', '/etc/default/etcd'])).stdout,
  );
  return Promise.all(hosts);
}

/** Declares it; the stage is made and taken down by the caller. */
export function undoStory(stageOf: () => Stage): void {
  it('puts back all that was there before a restore, as the cluster that it was, and takes that back again', async () => {
    const stage = stageOf();
    await written(stage);
    const [before, settings] = [await clusterIds(stage), await settingsOn(stage)];
    const restored = await replacing(stage, 'restore demo --while-healthy');
    const [between, changed] = [await clusterIds(stage), await settingsOn(stage)];
    expect(await valueOf(stage, '/name/2')).toBe('');
    await stage.lab.etcdctl(['put', '/name/3', 'after the restore']);

    const first = await undoing(stage, restored);

    expect(await valueOf(stage, '/name/2')).toBe('after the backup');
    expect(await valueOf(stage, '/name/3')).toBe('');
    expect(await clusterIds(stage)).toEqual(before);
    expect(between).not.toEqual(before);
    expect(await settingsOn(stage)).toEqual(settings);
    expect(await asideOn(stage)).toEqual(stage.lab.hosts.map(() => [`/data/etcd/data.${first}.old`]));

    await stage.lab.etcdctl(['put', '/name/4', 'after the undo']);
    const second = await undoing(stage, first);

    expect(await valueOf(stage, '/name/3')).toBe('after the restore');
    expect(await valueOf(stage, '/name/4')).toBe('');
    expect(await clusterIds(stage)).toEqual(between);
    expect(await settingsOn(stage)).toEqual(changed);
    expect(await asideOn(stage)).toEqual(stage.lab.hosts.map(() => [`/data/etcd/data.${second}.old`]));
    for (const { exec, name } of stage.lab.hosts)
      expect((await exec(['stat', '--format=%U:%G %a', '/data/etcd/data'])).stdout, name).toBe('etcd:etcd 700');
  });
}
