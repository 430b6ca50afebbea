/** What one session shows of a host's clock. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clockOffset } from '../../src/host/clock-offset.ts';

const ms = fc.nat(20_000);

it('says nothing against a clock that is right, however slow the way, the host and the bot are', () => {
  fc.assert(
    fc.property(ms, ms, ms, (there, work, back) => {
      const offset = clockOffset({ sentAtMs: 0, begunAtMs: there, endedAtMs: there + work, answeredAtMs: there + work + back });
      expect(offset).toBeCloseTo(0);
    }),
  );
});

it('never says more than there is, nor the other way round, and says it to the time of one way', () => {
  fc.assert(
    fc.property(fc.integer({ min: -60_000, max: 60_000 }), ms, ms, ms, (off, there, work, back) => {
      const offset = clockOffset({
        sentAtMs: 0,
        begunAtMs: there + off,
        endedAtMs: there + work + off,
        answeredAtMs: there + work + back,
      });
      expect(Math.abs(offset)).toBeLessThanOrEqual(Math.abs(off));
      expect(offset * off).toBeGreaterThanOrEqual(-0);
      expect(Math.abs(offset - off)).toBeLessThanOrEqual(Math.max(there, back));
    }),
  );
});
