import { describe, expect, it } from 'vitest';
import { elsewhere, placeChecks } from '../../src/checkup/backup-places.ts';
import type { PlacesSeen } from '../../src/checkup/backup-places.ts';

const now = new Date('2026-11-22T07:00:00Z');
const place = (worker: string, mark: string, minutesAgo = 0) => ({
  worker,
  directory: '/backups',
  mark,
  at: new Date(now.getTime() - minutesAgo * 60_000),
});
const seen = (change: Partial<PlacesSeen> = {}): PlacesSeen => ({
  directory: '/backups',
  mark: 'a',
  keyIds: ['k1'],
  problems: [],
  known: { id: 'a', key: 'k1', places: [place('bot-1', 'a')] },
  ...change,
});
const grades = (one: PlacesSeen) => placeChecks(one, now).map(({ id, grade }) => [id, grade]);

describe('backup places', () => {
  it('are one when all workers found the same mark', () => {
    const one = seen({ known: { id: 'a', key: 'k1', places: [place('bot-1', 'a'), place('bot-2', 'a')] } });

    expect(elsewhere(one, now)).toEqual([]);
    expect(grades(one)).toEqual([
      ['place', 'good'],
      ['key', 'good'],
    ]);
  });

  it('are named when another worker has another one, from both sides', () => {
    const known = { id: 'a', key: 'k1', places: [place('bot-1', 'a'), place('bot-2', 'b')] };

    expect(elsewhere(seen({ known }), now)).toEqual(['bot-2 (/backups)']);
    expect(elsewhere(seen({ mark: 'b', known }), now)).toEqual(['bot-1 (/backups)']);
    expect(placeChecks(seen({ mark: 'b', known }), now)[0]).toMatchObject({
      grade: 'wrong',
      cure: expect.stringContaining('redis-cli HDEL medic:backups id') as string,
    });
  });

  it('forget a worker that has been silent for an hour, but never the directory that counts', () => {
    const known = { id: 'a', key: undefined, places: [place('bot-1', 'a', 90), place('bot-2', 'b', 90)] };

    expect(elsewhere(seen({ known }), now)).toEqual([]);
    expect(elsewhere(seen({ mark: 'b', known }), now)).toEqual(['bot-1 (/backups)']);
    expect(elsewhere(seen({ mark: 'b', known: { ...known, places: [] } }), now)).toEqual(['the worker that was the first']);
  });

  it('say that the key is not the one that the others sign with, and what is wrong with the files themselves', () => {
    const one = seen({ keyIds: ['k2'], problems: ['/backups/.etcd-medic-id is a pipe and not a file.'] });

    expect(grades(one)).toEqual([
      ['place', 'wrong'],
      ['place', 'good'],
      ['key', 'wrong'],
    ]);
  });
});
