import { describe, expect, it } from 'vitest';
import { backups } from '../../src/procedures/backups.ts';
import { restore } from '../../src/procedures/restore.ts';
import { status } from '../../src/procedures/status.ts';
import { doctor } from '../../src/procedures/doctor.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { fakeRun } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { quorumLost } from './restorable.ts';

const unsigned = 'nobody vouches for this file: its sidecar has no signature';

/** Beside the good one a newer one that nobody vouches for, with a higher revision than was ever seen. */
function withForged(): FakeWorld {
  const world = quorumLost();
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data');
  const forged = world.snapshots.keep({ ...data, revision: 99n }, new Date(world.clock.now().getTime() + 3_600_000));
  world.snapshots.records[0] = { ...forged, signed: false, doubts: [unsigned] };
  return world;
}

async function gateOf(world: FakeWorld, snapshot?: string) {
  const came = await fakeRun({ procedure: restore, world, input: snapshot === undefined ? {} : { snapshot } }).toEnd(() => undefined);
  if (came.state !== 'waiting') throw new Error('no gate');
  return came.gate;
}

describe('a snapshot that nobody vouches for', () => {
  it('is not the newest by itself, and the card says that it was passed over', async () => {
    const world = withForged();
    const [forged, good] = world.snapshots.records;

    const gate = await gateOf(world);

    expect(gate).toMatchObject({
      facts: {
        snapshot: expect.stringContaining(good?.id ?? 'none') as string,
        'not taken for the newest': `${forged?.id}: ${unsigned}`,
      },
      reason: expect.stringMatching(/^3 revisions/) as string,
    });
  });

  it('is restored by its name, with that sentence as a fact, and the card does not say that nothing is lost', async () => {
    const world = withForged();

    const gate = await gateOf(world, world.snapshots.records[0]?.id);

    expect(gate).toMatchObject({ stepId: 'replace-data', facts: { doubt: unsigned } });
    expect(gate.reason).toMatch(/^what nobody can say for certain: the file itself says that it ends with revision 99.*nobody vouches/);
    expect(gate.reason).not.toContain('nothing that is known of');
  });

  it('is found by its name, and named as the reason, when there is no other', async () => {
    const world = withForged();
    world.snapshots.records.splice(1);

    const run = fakeRun({ procedure: restore, world });
    await run.toEnd(() => undefined);

    const end = JSON.stringify(run.entries.at(-1));
    expect(end).toContain(unsigned);
    expect(end).toContain('restore demo --snapshot <id>');
  });

  it('stands in what people look at, and never as the newest', async () => {
    const world = withForged();
    const [forged, good] = world.snapshots.records;

    const said = await Promise.all([backups, status, doctor].map(async (query) => JSON.stringify(await query.answer({}, world))));

    expect(said[0]).toContain(`${forged?.id} (in doubt)`);
    expect(said[0]).toContain(`${forged?.id}: ${unsigned}. A restore takes it only when it is named.`);
    expect(said[0]).toContain('the newest is 12 minutes old');
    expect(said[1]).toContain(`The newest snapshot is ${good?.id}`);
    expect(said[2]).toContain(`A restore takes these only by name: ${forged?.id}: ${unsigned}.`);
  });
});

describe('workers that keep their backups in different directories', () => {
  it('choose no newest snapshot, and say where another may be', async () => {
    const world = quorumLost();
    world.snapshots.elsewhere = async () => ['bot-2 (/var/backups)'];

    const runs = [fakeRun({ procedure: restore, world }), fakeRun({ procedure: recoverQuorum, world })];
    for (const run of runs) await run.toEnd(() => undefined);

    for (const { entries } of runs) {
      const came = JSON.stringify(entries);
      expect(came).toContain('a newer one may be on bot-2 (/var/backups)');
      expect(came).toContain('--snapshot <id>');
    }
  });

  it('still restore what is named', async () => {
    const world = quorumLost();
    world.snapshots.elsewhere = async () => ['bot-2 (/var/backups)'];

    expect(await gateOf(world, world.snapshots.records[0]?.id)).toMatchObject({ stepId: 'replace-data' });
  });
});
