import { describe, expect, it } from 'vitest';
import { freeBytesOf, reserveBytes, roomFor } from '../../src/files/room.ts';

const path = '/backups/prod/.run.part';
const disk = (...free: readonly number[]) => {
  const left = [...free];
  return async () => left.shift() ?? 0;
};

describe('roomFor', () => {
  it('refuses what would not leave the reserve free, before the first byte', async () => {
    await roomFor(path, 'The snapshot', disk(1_000 + reserveBytes)).demand(1_000);

    await expect(roomFor(path, 'The snapshot', disk(999 + reserveBytes)).demand(1_000)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: '/backups/prod has 268 MB free. The snapshot needs 1.0 kB, and 268 MB must stay free.',
    });
  });

  it('asks the disk again while it is written: others write to it, too', async () => {
    const room = roomFor(path, 'The snapshot', disk(10 * reserveBytes, reserveBytes));

    for (let piece = 0; piece < 32; piece += 1) await room.take(1_048_576);

    await expect(room.take(1_048_576)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('was not written to its end') as string,
    });
  });

  it('says that the disk could not be asked', async () => {
    await expect(roomFor('/nowhere/file', 'The snapshot').demand(1)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: 'What is free in /nowhere could not be seen (ENOENT).',
    });
    expect(await freeBytesOf('/')).toBeGreaterThan(0);
  });
});
