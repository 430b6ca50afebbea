import { describe, expect, it } from 'vitest';
import { fails, holds } from '../../../src/engine/finding.ts';
import { hazards, hazardsOf, safeOn } from '../../../src/procedures/judging/hazards.ts';
import type { Act, Demand } from '../../../src/procedures/judging/hazards.ts';

/** Each row: the last version that is concerned and the first that is not, as etcd's changelogs have it. */
const rows: readonly { act: Act; demand: Demand; concerned: readonly string[]; free: readonly string[] }[] = [
  { act: 'trust-survivor', demand: 'hashes-compared', concerned: ['3.5.0', '3.5.2'], free: ['3.4.23', '3.5.3', '3.5.16', '3.6.0'] },
  { act: 'defragment', demand: 'fresh-backup', concerned: ['3.5.0', '3.5.5'], free: ['3.4.23', '3.5.6', '3.6.0'] },
  { act: 'defragment', demand: 'free-disk-proven', concerned: ['3.4.23', '3.4.34', '3.5.16'], free: ['3.4.35', '3.5.17', '3.6.0'] },
  {
    act: 'defragment',
    demand: 'all-caught-up',
    concerned: ['3.4.37', '3.5.22', '3.6.4'],
    free: ['3.4.38', '3.5.23', '3.6.5'],
  },
  { act: 'compact', demand: 'margin-below-head', concerned: ['3.4.31', '3.5.13'], free: ['3.4.32', '3.5.14', '3.6.0'] },
  { act: 'add-member', demand: 'other-voters-up', concerned: ['3.4.99', '3.5.29', '3.6.10'], free: ['3.5.30', '3.6.11'] },
  { act: 'force-new-cluster', demand: 'no-snapshot-left', concerned: ['3.4.43', '3.5.21'], free: ['3.5.22', '3.6.0'] },
  {
    act: 'etcdctl-cluster',
    demand: 'endpoints-named',
    concerned: ['3.4.42', '3.5.28', '3.6.9'],
    free: ['3.4.41', '3.4.43', '3.5.27', '3.5.29', '3.6.8', '3.6.10'],
  },
];

describe('hazards', () => {
  it('has a row in this test for each of its rows', () => {
    expect(hazards.map(({ act, demand }) => `${act} ${demand}`).toSorted()).toEqual(
      rows.map(({ act, demand }) => `${act} ${demand}`).toSorted(),
    );
  });

  it.each(rows)('$act: demands $demand of $concerned and not of $free', ({ act, demand, concerned, free }) => {
    const demands = (version: string) => hazardsOf(version, act).map((hazard) => hazard.demand);

    for (const version of concerned) expect(demands(version), version).toContain(demand);
    for (const version of free) expect(demands(version), version).not.toContain(demand);
  });

  it.each(rows)('$act without $demand is refused with the reason and where etcd says so', ({ act, demand, concerned }) => {
    const proven = Object.fromEntries(hazards.map((hazard) => [hazard.demand, holds()]));

    const refused = safeOn(concerned, act, { ...proven, [demand]: fails('It is not so.') });
    const allowed = safeOn(concerned, act, proven);

    expect(refused).toMatchObject({ holds: false, because: expect.stringMatching(/etcd 3\.\d+\.\d+: .*https:\/\/.*It is not so\./s) });
    expect(allowed).toMatchObject({ holds: true, note: expect.stringContaining('https://') });
  });

  it('takes what was not looked at for not proven', () => {
    expect(safeOn(['3.4.23'], 'compact', {})).toMatchObject({ holds: false });
  });

  it('counts a version whose patch cannot be read as concerned', () => {
    expect(hazardsOf('3.5', 'compact')).toHaveLength(1);
  });

  it('says a defect once for members of one version', () => {
    const finding = safeOn(['3.4.23', '3.4.23', '3.4.23'], 'compact', { 'margin-below-head': holds() });

    expect(finding.holds && finding.note?.match(/margin|head/g)?.length).toBe(2);
  });
});
