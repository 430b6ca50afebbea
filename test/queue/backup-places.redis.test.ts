import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPlaces, registerPlace } from '../../src/queue/backup-places.ts';
import { openBackups, watchPlace } from '../../src/wiring/backups.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { bench } from './bench.ts';
import type { Bench } from './bench.ts';

const at = new Date('2026-11-22T07:00:00.000Z');

describe('where workers keep their backups', () => {
  let on: Bench;
  let directory: string;
  beforeEach(async () => {
    on = await bench();
    directory = await mkdtemp(join(tmpdir(), 'etcd-medic-places-'));
  });
  afterEach(async () => {
    await on[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
  const register = (worker: string, mark: string, keyIds = ['k1']) =>
    registerPlace(on.connections.records, { worker, directory: '/backups', mark, at }, keyIds);
  const watch = async (where: string, warnings: string[] = []) => {
    const own = await openBackups({ directory: join(directory, where), keys: undefined });
    const log = { warn: (fields: object) => void warnings.push(JSON.stringify(fields)) };
    return await watchPlace({ own, redis: on.connections.records, clock: systemClock, log });
  };

  it('is what the first one says, whoever comes after', async () => {
    await register('bot-1', 'a');
    const known = await register('bot-2', 'b');

    expect(known).toMatchObject({ id: 'a', key: 'k1' });
    expect(known.places).toEqual([
      { worker: 'bot-1', directory: '/backups', mark: 'a', at },
      { worker: 'bot-2', directory: '/backups', mark: 'b', at },
    ]);
  });

  it('goes on with a new key that accepts the one before, and with no other', async () => {
    await register('bot-1', 'a', ['k1']);
    expect(await register('bot-1', 'a', ['k2'])).toMatchObject({ key: 'k1' });
    expect(await register('bot-1', 'a', ['k2', 'k1'])).toMatchObject({ key: 'k2' });
  });

  it('survives entries that cannot be read', async () => {
    await on.connections.records.hset('medic:backups', 'worker:x', '{', 'worker:y', '{"at":"now"}');

    expect((await readPlaces(on.connections.records)).places).toEqual([]);
  });

  it('is watched: workers of one directory say nothing, one with another directory is told to all', async () => {
    const warnings: string[] = [];
    const [first, second] = [await watch('shared', warnings), await watch('shared', warnings)];
    expect([first.remarks(), second.remarks(), warnings]).toEqual([[], [], []]);

    const third = await watch('its-own', warnings);

    expect(third.remarks()).toHaveLength(2);
    expect(third.remarks()[0]).toContain(`${join(directory, 'its-own')} is not where all workers keep them`);
    expect(third.remarks()[1]).toContain('signed with a key that is not known here');
    expect(warnings).toHaveLength(2);
    expect(await first.elsewhere()).toEqual([expect.stringContaining('its-own')]);
    expect(await first.checks()).toMatchObject([{ id: 'place', grade: 'wrong' }, { grade: 'good' }]);
    await Promise.all([first, second, third].map((one) => one.stop()));
  });
});
