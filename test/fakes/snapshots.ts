/** Stored snapshots in memory. */
import { createHash } from 'node:crypto';
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterId, MemberName, RunId, SnapshotId } from '../../src/ids.ts';
import type { ClusterName } from '../../src/ids.ts';
import type { SnapshotRecord, Snapshots } from '../../src/snapshots/snapshots.ts';
import type { Clock } from '../../src/engine/ports.ts';
import type { Effects } from './effects.ts';
import { copyOf, servedBy } from './machine.ts';
import type { Data, Site } from './machine.ts';

/** The store with the data behind each record, and switches for flaws. */
export interface FakeSnapshots extends Snapshots {
  readonly records: SnapshotRecord[];
  readonly contents: Map<string, Data>;
  /** Ids whose check fails, with the reason. */
  readonly flaws: Map<string, string>;
  /** Stores what a member has now, as a backup of long ago would have. */
  keep(data: Data, takenAt: Date): SnapshotRecord;
}

interface FakeSnapshotsDeps {
  readonly cluster: ClusterName;
  readonly site: Site;
  readonly effects: Effects;
  readonly clock: Clock;
}

/** Makes an empty store. */
export function fakeSnapshots({ cluster, site, effects, clock }: FakeSnapshotsDeps): FakeSnapshots {
  const records: SnapshotRecord[] = [];
  const contents = new Map<string, Data>();
  const flaws = new Map<string, string>();
  const store = (data: Data, takenAt: Date, run: RunId, member: MemberName): SnapshotRecord => {
    const content = copyOf(data);
    const sha256 = createHash('sha256')
      .update(JSON.stringify([...content.keys].map(([key, { value }]) => [key, value])) + String(content.revision))
      .digest('hex');
    const stamp = takenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const id = SnapshotId.parse(`${stamp}Z-rev${content.revision}`);
    const record: SnapshotRecord = {
      id,
      cluster,
      path: `/backups/${cluster}/${id}.db`,
      bytes: 20_000,
      sha256,
      revision: content.revision,
      totalKeys: content.keys.size,
      hash: 'abc',
      clusterId: ClusterId.parse('c0'),
      member,
      etcdVersion: '3.4.23',
      dbSizeBytes: 20_000,
      authEnabled: true,
      v2Keys: 'none',
      takenAt,
      run,
    };
    contents.set(sha256, content);
    records.unshift(record);
    return record;
  };
  return {
    records,
    contents,
    flaws,
    keep: (data, takenAt) => store(data, takenAt, RunId.parse(`backup-${cluster}-000000`), MemberName.parse('etcd01')),
    list: async () => records.map((record) => ({ ok: true, record })),
    async find(id) {
      effects.assertAlive();
      const record = records.find((each) => each.id === id);
      if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${id} of ${cluster}.`);
      return record;
    },
    takenBy: async (run) => records.find((record) => record.run === run),
    async check(record) {
      effects.assertAlive();
      const flaw = flaws.get(record.id);
      return flaw === undefined ? holds() : fails(flaw);
    },
    async save({ run, origin }) {
      const machine = site.machines.get(origin.member);
      const data = machine === undefined ? undefined : servedBy(machine, site);
      if (data === undefined) throw new OpsError('ETCD_UNREACHABLE', `${origin.member} does not answer.`);
      effects.perform(`save ${origin.member}`, {
        whole: () => {
          if (records.some((record) => record.run === run)) return false;
          store(data, clock.now(), run, origin.member);
          return true;
        },
      });
      const saved = records.find((record) => record.run === run);
      if (saved === undefined) throw new Error('the snapshot was not stored');
      return saved;
    },
    commands: { save: (from) => [{ on: 'bot', argv: ['etcdctl', 'snapshot', 'save', `--endpoints=${from}`] }] },
  };
}
