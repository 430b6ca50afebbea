/** Fills a real cluster to its quota, and makes it writable again through Slack, with an approval. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { alarms, defragmentations, fill, setQuota } from '../stage/quota.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

const quotaBytes = 32 * 1024 * 1024;

describe('recover-space on etcd 3.5', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-space-35', etcd: '3.5' });
    await Promise.all([stage.start(), setQuota(stage, quotaBytes)]);
    await fill(stage);
  });
  afterAll(() => stage.down());

  it('makes a full cluster writable again after one approval, and says what was freed on each member', async () => {
    const full = await alarms(stage);

    const run = await startRun(stage, 'recover-space demo');
    await clickCard(stage, await waitForGate(stage, run, 'compact'), 'approve', people.bob);
    const view = await waitForEnd(stage, run);

    await stage.lab.etcdctl(['put', '/name/1', 'again']);
    const note = (id: string) => view.steps.find((step) => step.id === id)?.note ?? '';
    expect(full).toContain('NOSPACE');
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('again');
    expect(await alarms(stage)).toBe('');
    expect(note('say-what-is-full')).toMatch(/etcd01: 3\d\.\d MB, .* quota 33\.6 MB/);
    expect(note('say-what-is-full')).toContain('/history');
    expect(view.conclusion).toMatch(/etcd01: \d\d\.\d MB freed.*etcd02: \d\d\.\d MB freed.*etcd03: \d\d\.\d MB freed/s);
    expect(await defragmentations(stage)).toEqual([1, 1, 1]);
  });
});
