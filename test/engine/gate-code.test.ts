import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateCode, isGateCode } from '../../src/engine/gate-code.ts';

describe('the code of a gate', () => {
  const runs = fc.stringMatching(/^[a-z]{3,20}-[0-9a-f]{6}$/);

  it('is always the same, and a digit before a letter', () => {
    fc.assert(
      fc.property(runs, fc.nat(400), (run, number) => {
        const code = gateCode(`${run}.${number}`);

        expect(code).toBe(gateCode(`${run}.${number}`));
        expect(isGateCode(code)).toBe(true);
      }),
    );
  });

  it('is another one for each gate of a run, and one mistyped character away from none of the next gates', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const codes = Array.from({ length: 152 }, (_, index) => gateCode(`${run}.${index + 1}`));

        expect(new Set(codes).size).toBe(codes.length);
        const apart = codes.slice(1, 8).every((code) => code[0] !== codes[0]?.[0] && code[1] !== codes[0]?.[1]);
        expect(apart).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it.each(['', '7', 'k7', '7kk', '1k', '7l', '7o', '5m', '7K', 'prod', '77', ' 7k'])('is not “%s”', (word) => {
    expect(isGateCode(word)).toBe(false);
  });
});
