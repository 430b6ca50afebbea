import { describe, expect, it } from 'vitest';
import { lossInWords } from '../../../src/procedures/restoring/loss.ts';

const snapshot = { revision: 7n, takenAt: new Date('2026-11-22T03:00:00Z') };

describe('lossInWords', () => {
  it('counts revisions and minutes against the highest revision known', () => {
    const highest = { revision: 1_211n, at: new Date('2026-11-22T03:18:30Z') };

    expect(lossInWords({ snapshot, highest })).toMatchInlineSnapshot(
      `"1204 revisions (18 minutes of writes): everything written after 2026-11-22 03:00:00 UTC, up to revision 1211 seen 2026-11-22 03:18:30 UTC"`,
    );
  });

  it('does not call it nothing when nothing newer was seen', () => {
    expect(lossInWords({ snapshot, highest: { revision: 7n, at: snapshot.takenAt } })).toContain(
      'if something was written after 2026-11-22 03:00:00 UTC, it is lost',
    );
  });

  it('says that it cannot be said when no revision was ever seen', () => {
    expect(lossInWords({ snapshot, highest: undefined })).toContain('how much that is cannot be said');
  });
});
