import { describe, expect, it } from 'vitest';
import { SnapshotFileName } from '../../src/ids.ts';
import { backups } from '../../src/procedures/backups.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

function withData() {
  const world = fakeWorld();
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data');
  return { world, data };
}

async function wordsOf(world: FakeWorld): Promise<string> {
  return JSON.stringify(await backups.answer({}, world));
}

describe('backups', () => {
  it('marks a copied database, and says when it is taken', async () => {
    const { world, data } = withData();
    const record = world.snapshots.keep(data, world.clock.now());
    world.snapshots.records[0] = { ...record, kind: 'database-copy' };

    const said = await wordsOf(world);

    expect(said).toContain(`${record.id} (copy)`);
    expect(said).toContain('a restore takes it only when it is named');
  });

  it('says how a restore from a file that a person put there is asked for', async () => {
    const { world } = withData();
    world.snapshots.list = async () => [
      { ok: false, file: 'etcd01.db', because: 'It was not saved by this bot.', usableAs: SnapshotFileName.parse('file:etcd01.db') },
      { ok: false, file: 'odd name.db', because: 'Its name holds a space.' },
    ];

    const said = await wordsOf(world);

    expect(said).toContain('`restore demo --snapshot file:etcd01.db` takes it');
    expect(said).toContain('Not usable: odd name.db: Its name holds a space.');
  });
});
