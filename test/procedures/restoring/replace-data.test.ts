import { describe, expect, it } from 'vitest';
import { restore } from '../../../src/procedures/restore.ts';
import { dataReplaced } from '../../../src/procedures/restoring/replace-data.ts';
import { makeDir } from '../../fakes/machine.ts';
import { otherwise } from '../../fakes/otherwise.ts';
import { pathsOf } from '../../fakes/operation.ts';
import { fakeRun } from '../../fakes/run.ts';
import { fakeWorld } from '../../fakes/world.ts';
import { gateOf, silentFor } from '../lost-quorum.ts';
import type { Silence } from '../lost-quorum.ts';
import { keepOld, quorumLost } from '../restorable.ts';

describe('replacing data', () => {
  it('does not take a cluster that is slow for a moment for one without quorum', async () => {
    const healthy = fakeWorld();
    const data = healthy.machine('etcd01').dirs.get(healthy.site.dataDir)?.data;
    if (data === undefined) throw new Error('no data');
    healthy.snapshots.keep(data, healthy.clock.now());
    // The first look is that of the beginning, the second that before the card.
    const run = fakeRun({ procedure: restore, world: silentFor(healthy, { after: 1, looks: 1 }) });

    const came = gateOf(await run.toEnd(() => undefined));

    expect(came).toMatchObject({ kind: 'failure', stepId: 'replace-data', reason: expect.stringContaining('has quorum') as string });
  });

  it('does not void an approval because a member is slow for a moment', async () => {
    const silence: Silence = { after: 0, looks: 0 };
    const run = fakeRun({ procedure: restore, world: silentFor(quorumLost(), silence) });
    const gate = gateOf(await run.toEnd(() => undefined));
    run.decide(gate.gateId, 'approve');
    // The look at what is allowed is answered, the one at what the approval rests on is not.
    Object.assign(silence, { after: 1, looks: 1 });

    const came = await run.toEnd(keepOld);

    expect(run.entries.filter((entry) => entry.type === 'gate-settled' && entry.outcome === 'voided')).toEqual([]);
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('does nothing that was not approved: when a data-dir goes away meanwhile it stops, and Retry asks anew', async () => {
    const world = quorumLost();
    const right = otherwise(world.hosts[0], 'fence', async (whole) => {
      await whole();
      world.machine('etcd01').dirs.delete(world.site.dataDir);
    });
    const run = fakeRun({ procedure: restore, world });
    run.decide(gateOf(await run.toEnd(() => undefined)).gateId, 'approve');
    const stopped = gateOf(await run.once());
    right();
    run.decide(stopped.gateId, 'retry');

    const again = gateOf(await run.once());

    expect(stopped).toMatchObject({ kind: 'failure', reason: expect.stringMatching(/etcd01: “mkdir .*” was not approved/) as string });
    expect(run.entries.find(({ type }) => type === 'step-failed')).toMatchObject({ code: 'HOST_PLAN_MOVED' });
    expect(again).toMatchObject({ kind: 'approval', stepId: 'replace-data' });
    expect(again.plan.filter(({ on }) => on === 'etcd01').map(({ argv }) => argv[0])).toEqual(['mkdir', 'mv']);
    expect(world.effects.log).not.toContain('swapDataDir etcd01');
  });

  it('is not done while the restored data still waits beside a data-dir that somebody has made', async () => {
    const world = fakeWorld({ members: 1 });
    const { dirs } = world.machine('etcd01');
    const { aside, restored } = pathsOf(world.site, world.runId);
    for (const path of [aside, restored]) dirs.set(path, makeDir(world.site, undefined));

    expect(await dataReplaced(world)).toMatchObject({ holds: false });
    dirs.delete(restored);
    expect(await dataReplaced(world)).toEqual({ holds: true });
  });
});
