/** Bounded output: the beginning and the end, and the count of what is between. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCollector, shorten } from '../../src/host/bounded.ts';

describe('createCollector', () => {
  it('keeps a short stream as it is, however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }), (chunks) => {
        const collector = createCollector(100);
        for (const chunk of chunks) collector.add(Buffer.from(chunk));
        expect(collector.kept()).toEqual({ bytes: Buffer.concat(chunks), leftOutBytes: 0 });
      }),
    );
  });

  it('keeps the beginning and the end of a long one, and says how much is missing', () => {
    const collector = createCollector(20);

    for (let index = 0; index < 1_000; index += 1) collector.add(Buffer.from(String(index).padStart(5, '0')));

    const { bytes, leftOutBytes } = collector.kept();
    expect(bytes.toString()).toBe('0000000001\n[4980 bytes left out]\n0099800999');
    expect(leftOutBytes).toBe(4_980);
  });
});

describe('shorten', () => {
  it('leaves short text alone', () => {
    expect(shorten('äöü', 6)).toBe('äöü');
  });

  it('never cuts through a character', () => {
    expect(shorten('数据'.repeat(10), 20)).not.toContain('\uFFFD');
  });
});
