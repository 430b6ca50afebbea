import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trailerCheck } from '../../src/etcd/trailer.ts';
import { snapshotBytes } from './snapshot-bytes.ts';

function verdictOf(...chunks: Buffer[]) {
  const check = trailerCheck();
  for (const chunk of chunks) check.update(chunk);
  return check.verdict();
}

describe('trailer', () => {
  it('accepts a whole snapshot, however it is cut into chunks', () => {
    const whole = snapshotBytes(2_048);
    const sha256 = createHash('sha256').update(whole).digest('hex');

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length })), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));

        expect(verdictOf(...chunks)).toEqual({ bytes: whole.length, sha256, flaw: undefined });
      }),
    );
  });

  it('sees any one flipped byte', () => {
    const whole = snapshotBytes(1_024);

    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (at) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ 1;

        expect(verdictOf(changed).flaw).toBeDefined();
      }),
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'is empty'],
    ['text', Buffer.from('this is no database at all, but long enough'), 'is no etcd snapshot: it does not begin as a bbolt database does'],
    [
      'a copied database',
      snapshotBytes(1_024).subarray(0, 1_024),
      'has no SHA-256 at its end: it is a copied database file, or it was cut',
    ],
    ['a cut snapshot', snapshotBytes(1_024).subarray(0, 1_000), 'is cut: 1000 bytes are not whole pages and a SHA-256'],
    [
      'a snapshot of which pages are missing',
      Buffer.concat([snapshotBytes(2_048).subarray(0, 512), snapshotBytes(2_048).subarray(1_024)]),
      'does not have the SHA-256 that stands at its end: bytes in it have changed',
    ],
  ])('says what is wrong with %s', (_what, bytes, flaw) => {
    expect(verdictOf(bytes).flaw).toBe(flaw);
  });
});
