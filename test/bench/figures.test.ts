/** Results of a part, put over those of the whole. */
import { describe, expect, it } from 'vitest';
import { cases } from './cases/index.ts';
import { caseOrder, withEarlier } from './figures.ts';
import { figure, results } from './results.ts';

describe('withEarlier', () => {
  it('keeps what was not measured now, and replaces what was', () => {
    const earlier = results({ figures: [figure({ megabytes: 1, bot: [1] }), figure({ bot: [2] }), figure({ case: 'backup', bot: [3] })] });

    const { figures } = withEarlier(earlier, results({ figures: [figure({ bot: [9] })] }));

    expect(figures.map((row) => [row.case, row.megabytes, row.bot])).toEqual([
      ['backup', 100, [3]],
      ['restore', 1, [1]],
      ['restore', 100, [9]],
    ]);
  });

  it('forgets an earlier failure of what was measured now, and an earlier figure of what failed now', () => {
    const earlier = results({ failed: [{ case: 'restore', megabytes: 100, because: 'no' }], figures: [figure({ case: 'backup' })] });

    const merged = withEarlier(
      earlier,
      results({ figures: [figure()], failed: [{ case: 'backup', megabytes: 100, because: 'no snapshot' }] }),
    );

    expect(merged.failed).toEqual([{ case: 'backup', megabytes: 100, because: 'no snapshot' }]);
    expect(merged.figures).toEqual([figure()]);
  });
});

describe('caseOrder', () => {
  it('names every case, in the order they are measured', () => {
    expect(caseOrder).toEqual(cases.map(({ id }) => id));
  });
});
