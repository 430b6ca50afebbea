/** Stored backups of API 2 in memory. */
import { fails, holds } from '../../src/engine/finding.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { OpsError } from '../../src/errors.ts';
import { MemberName, RunId, V2BackupId } from '../../src/ids.ts';
import type { ClusterName } from '../../src/ids.ts';
import type { V2BackupRecord, V2Backups } from '../../src/snapshots/v2-backups.ts';
import type { Effects } from './effects.ts';

/** The store with switches for flaws. */
export interface FakeV2Backups extends V2Backups {
  readonly records: V2BackupRecord[];
  /** Ids whose check fails, with the reason. */
  readonly flaws: Map<string, string>;
  /** Stores an archive, as a backup of long ago would have. */
  keep(sha256: string, takenAt: Date, v3Keys?: number): V2BackupRecord;
}

/** Makes an empty store. */
export function fakeV2Backups({
  cluster,
  effects,
  clock,
}: {
  readonly cluster: ClusterName;
  readonly effects: Effects;
  readonly clock: Clock;
}): FakeV2Backups {
  const records: V2BackupRecord[] = [];
  const flaws = new Map<string, string>();
  const add = (record: Omit<V2BackupRecord, 'id' | 'cluster' | 'path' | 'signed' | 'doubts'>): V2BackupRecord => {
    const stamp = record.takenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const id = V2BackupId.parse(`${stamp}Z-index${record.raftIndex}`);
    const stored = { ...record, signed: true, doubts: [], id, cluster, path: `/backups/${cluster}/${id}.v2.tar.gz` };
    records.unshift(stored);
    return stored;
  };
  return {
    records,
    flaws,
    keep: (sha256, takenAt, v3Keys = 0) =>
      add({
        member: MemberName.parse('etcd01'),
        clusterId: undefined,
        etcdVersion: '3.4.23',
        raftIndex: 9n,
        keys: 1,
        v3Keys,
        bytes: 20_000,
        sha256,
        takenAt,
        run: RunId.parse(`v2-backup-${cluster}-000000`),
      }),
    list: async () => records.map((record) => ({ ok: true, record })),
    async find(id) {
      effects.assertAlive();
      const record = records.find((each) => each.id === id);
      if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no v2 backup ${id} of ${cluster}.`);
      return record;
    },
    takenBy: async (run) => records.find((record) => record.run === run),
    async check(record) {
      effects.assertAlive();
      const flaw = flaws.get(record.id);
      return flaw === undefined ? holds() : fails(flaw);
    },
    async save({ run, origin, progress, fetch }) {
      const { bytes, sha256 } = await fetch(`/backups/${cluster}/.${run}.v2.part`, progress);
      effects.perform(`saveV2 ${origin.member}`, {
        whole: () => {
          if (records.some((record) => record.run === run)) return false;
          add({ ...origin, bytes, sha256, takenAt: clock.now(), run });
          return true;
        },
      });
      const saved = records.find((record) => record.run === run);
      if (saved === undefined) throw new Error('the backup was not stored');
      return saved;
    },
  };
}
