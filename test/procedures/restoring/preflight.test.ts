/** What a restore says of hosts that are ready, before anything is touched. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../../src/engine/view.ts';
import { restore } from '../../../src/procedures/restore.ts';
import { fakeRun } from '../../fakes/run.ts';
import { quorumLost } from '../restorable.ts';

describe('preflight of a restore', () => {
  it('names each host that is ready, and by how much its clock is off', async () => {
    const world = quorumLost();
    world.machine('etcd03').clockOffsetMs = 5_400_000;
    const run = fakeRun({ procedure: restore, world });

    await run.toEnd(() => undefined);

    const note = viewOf(run.run, run.entries).steps.find(({ id }) => id === 'preflight')?.note;
    expect(note).toMatch(/^etcd02 is ready: .* settings in \S+\.$/m);
    expect(note).toMatch(/^etcd03 is ready: .*Its clock is 5400\.0 s off the bot’s\.$/m);
  });
});
