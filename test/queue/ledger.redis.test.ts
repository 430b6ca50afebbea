/** The highest revision seen of a cluster. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/engine/ports.ts';
import { ClusterName } from '../../src/ids.ts';
import { createRevisionLedger } from '../../src/queue/ledger.ts';
import { bench, prod } from './bench.ts';
import type { Bench } from './bench.ts';

describe('revision ledger', () => {
  let on: Bench;
  let now: Date;
  beforeEach(async () => {
    on = await bench();
    now = new Date('2026-11-22T07:00:00.000Z');
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const ledgerOf = (cluster = prod) => {
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    return createRevisionLedger({ records: on.connections.records, cluster, clock });
  };

  it('knows nothing of a cluster that was never seen', async () => {
    expect(await ledgerOf().highest()).toBeUndefined();
  });

  it('keeps the highest revision and when it was last seen', async () => {
    const ledger = ledgerOf();
    await ledger.observe(9n);
    await ledger.observe(10n);
    now = new Date('2026-11-22T08:00:00.000Z');
    await ledger.observe(9n);

    expect(await ledger.highest()).toEqual({ revision: 10n, at: new Date('2026-11-22T07:00:00.000Z') });
    await ledger.observe(10n);
    expect(await ledger.highest()).toEqual({ revision: 10n, at: now });
  });

  it('tells revisions apart that a double cannot', async () => {
    const ledger = ledgerOf();
    await ledger.observe(9_007_199_254_740_993n);
    await ledger.observe(9_007_199_254_740_992n);

    expect(await ledger.highest()).toMatchObject({ revision: 9_007_199_254_740_993n });
  });

  it('keeps the highest of many that are observed at once', async () => {
    const ledger = ledgerOf();

    await Promise.all([3n, 17n, 5n, 11n, 2n].map((revision) => ledger.observe(revision)));

    expect(await ledger.highest()).toMatchObject({ revision: 17n });
  });

  it('begins anew after a restore, for this cluster only', async () => {
    const other = ledgerOf(ClusterName.parse('other'));
    await Promise.all([ledgerOf().observe(100n), other.observe(50n)]);

    await ledgerOf().restart(7n);

    expect(await ledgerOf().highest()).toMatchObject({ revision: 7n });
    expect(await other.highest()).toMatchObject({ revision: 50n });
  });
});
