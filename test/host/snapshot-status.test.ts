/** `snapshot status` as JSON. */
import { describe, expect, it } from 'vitest';
import { parseSnapshotStatus } from '../../src/host/snapshot-status.ts';

describe('parseSnapshotStatus', () => {
  it('reads what etcdctl 3.4 and etcdutl 3.5 print', () => {
    expect(parseSnapshotStatus('{"hash":3660325271,"revision":11,"totalKey":7,"totalSize":2088960}\n')).toEqual({
      hash: 'da2c2197',
      revision: 11n,
      totalKeys: 7,
      totalSizeBytes: 2_088_960,
    });
  });

  it('reads what etcdutl 3.6 adds', () => {
    expect(parseSnapshotStatus('{"hash":1,"revision":2,"totalKey":3,"totalSize":4,"version":"3.6.0"}')).toMatchObject({ revision: 2n });
  });

  it('keeps every digit of a revision beyond 2^53', () => {
    expect(parseSnapshotStatus('{"hash":1,"revision":9223372036854775807,"totalKey":3,"totalSize":4}')?.revision).toBe(
      9_223_372_036_854_775_807n,
    );
  });

  it.each([
    '',
    'null',
    'Error: snapshot file integrity check failed',
    '{"hash":1}',
    '{"hash":"1","revision":"x","totalKey":"3","totalSize":"4"}',
  ])('does not take %j for it', (text) => {
    expect(parseSnapshotStatus(text)).toBeUndefined();
  });
});
