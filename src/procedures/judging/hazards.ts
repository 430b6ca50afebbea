/** Known defects of etcd's releases that decide whether an act is safe: one row each, with what must be proven before the act. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { minorOf } from '../../checkup/versions.ts';

/** What a procedure is about to do. */
export type Act = 'trust-survivor' | 'defragment' | 'compact' | 'add-member' | 'force-new-cluster' | 'etcdctl-cluster';

/** What makes the act safe in spite of the defect. */
export type Demand =
  | 'hashes-compared'
  | 'fresh-backup'
  | 'margin-below-head'
  | 'free-disk-proven'
  | 'all-caught-up'
  | 'other-voters-up'
  | 'no-snapshot-left'
  | 'endpoints-named';

/** One defect. */
export interface Hazard {
  readonly act: Act;
  readonly demand: Demand;
  /** What happens otherwise, as a sentence. */
  readonly because: string;
  /** Where etcd says so. */
  readonly source: string;
  /** By minor version: the first patch that is concerned, and the first that is not any more; `undefined`: none is free of it. */
  readonly concerns: Readonly<Record<string, readonly [from: number, fixedIn: number | undefined]>>;
}

const changelog = 'https://github.com/etcd-io/etcd/blob/main/CHANGELOG';

/** The rows, by act. Versions that are not named are not concerned. */
export const hazards: readonly Hazard[] = [
  {
    act: 'trust-survivor',
    demand: 'hashes-compared',
    because: 'a member can have become inconsistent after a crash without saying so',
    source: 'https://github.com/etcd-io/etcd/blob/main/Documentation/postmortems/v3.5-data-inconsistency.md',
    concerns: { '3.5': [0, 3] },
  },
  {
    act: 'defragment',
    demand: 'fresh-backup',
    because: 'a crash during a defragmentation can lose the revision that was applied last',
    source: `${changelog}/CHANGELOG-3.5.md#v356-2022-11-21`,
    concerns: { '3.5': [0, 6] },
  },
  {
    act: 'defragment',
    demand: 'free-disk-proven',
    because: 'a defragmentation that finds the disk full can leave the member unable to go on',
    source: `${changelog}/CHANGELOG-3.5.md`,
    concerns: { '3.4': [0, 35], '3.5': [0, 17] },
  },
  {
    act: 'defragment',
    demand: 'all-caught-up',
    because: 'a defragmentation while a member still catches up can crash it',
    source: `${changelog}/CHANGELOG-3.6.md`,
    concerns: { '3.4': [0, 38], '3.5': [0, 23], '3.6': [0, 5] },
  },
  {
    act: 'compact',
    demand: 'margin-below-head',
    because: 'after a compaction at the very head a crash can lower the revision',
    source: `${changelog}/CHANGELOG-3.5.md`,
    concerns: { '3.4': [0, 32], '3.5': [0, 14] },
  },
  {
    act: 'add-member',
    demand: 'other-voters-up',
    because: 'etcd refuses to add a member, even a learner, while another voter is down (“unhealthy cluster”)',
    source: `${changelog}/CHANGELOG-3.5.md`,
    concerns: { '3.4': [0, undefined], '3.5': [0, 30], '3.6': [0, 11] },
  },
  {
    act: 'force-new-cluster',
    demand: 'no-snapshot-left',
    because: 'force-new-cluster can lose entries that were committed: a snapshot is to be preferred',
    source: `${changelog}/CHANGELOG-3.5.md`,
    concerns: { '3.4': [0, undefined], '3.5': [0, 22] },
  },
  {
    act: 'etcdctl-cluster',
    demand: 'endpoints-named',
    because: '`etcdctl --cluster` fails while auth is on: name the endpoints',
    source: `${changelog}/CHANGELOG-3.6.md`,
    concerns: { '3.4': [42, 43], '3.5': [28, 29], '3.6': [9, 10] },
  },
];

/** The defects of a version that concern an act. @param version as the server says it: `3.5.16`, also `3.5.16-rc.1` */
export function hazardsOf(version: string, act: Act): readonly Hazard[] {
  const patch = Number.parseInt(version.split('.')[2] ?? '', 10);
  return hazards.filter((hazard) => {
    const [from, fixedIn] = hazard.concerns[minorOf(version)] ?? [];
    if (hazard.act !== act || from === undefined) return false;
    // A patch that cannot be read counts as concerned: what is not known is not safe.
    return Number.isNaN(patch) || (patch >= from && (fixedIn === undefined || patch < fixedIn));
  });
}

/**
 * Whether an act is safe on these versions.
 * @param proven what was looked at for each demand; one that is demanded and was not looked at is not proven
 * @returns fails with every defect that is not covered; holds with a remark for each that is
 */
export function safeOn(versions: Iterable<string>, act: Act, proven: Partial<Readonly<Record<Demand, Finding>>>): Finding {
  const findings: Finding[] = [];
  const said = new Set<Hazard>();
  for (const version of versions) {
    for (const hazard of hazardsOf(version, act)) {
      if (said.has(hazard)) continue;
      said.add(hazard);
      const proof = proven[hazard.demand] ?? fails('That was not looked at.');
      const rule = `etcd ${version}: ${hazard.because} (${hazard.source}).`;
      findings.push(proof.holds ? holds(`${rule} ${demandMet[hazard.demand]}`) : fails(`${rule} ${proof.because}`));
    }
  }
  return allOf(findings);
}

const demandMet: Readonly<Record<Demand, string>> = {
  'hashes-compared': 'The hashes were compared.',
  'fresh-backup': 'A fresh snapshot was saved and checked.',
  'free-disk-proven': 'There is room for it.',
  'all-caught-up': 'All members have caught up.',
  'margin-below-head': 'The compaction stays below the head.',
  'other-voters-up': 'All other voters answer.',
  'no-snapshot-left': 'There is no snapshot to prefer.',
  'endpoints-named': 'The endpoints are named.',
};
