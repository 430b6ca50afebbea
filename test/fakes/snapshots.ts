/** Stored snapshots in memory. */
import { createHash } from 'node:crypto';
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterId, MemberName, RunId, SnapshotId } from '../../src/ids.ts';
import type { ClusterName, SnapshotFileName } from '../../src/ids.ts';
import type { SnapshotFile, SnapshotKind, SnapshotRecord, Snapshots } from '../../src/snapshots/snapshots.ts';
import type { Clock } from '../../src/engine/ports.ts';
import type { Effects } from './effects.ts';
import { copyOf, servedBy } from './machine.ts';
import type { Data, Site } from './machine.ts';
import { fakeV2Backups } from './v2-backups.ts';
import type { FakeV2Backups } from './v2-backups.ts';

/** The store with the data behind each record, and switches for flaws. */
export interface FakeSnapshots extends Snapshots {
  readonly v2: FakeV2Backups;
  readonly records: SnapshotRecord[];
  readonly contents: Map<string, Data>;
  /** Names of files whose check fails, with the reason. */
  readonly flaws: Map<string, string>;
  /** Files that a person put there. */
  readonly ownFiles: Map<SnapshotFileName, SnapshotFile>;
  /** Puts one there. */
  put(name: SnapshotFileName, kind: SnapshotKind, data: Data): void;
  /** Stores what a member has now, as a backup of long ago would have. */
  keep(data: Data, takenAt: Date): SnapshotRecord;
}

interface FakeSnapshotsDeps {
  readonly cluster: ClusterName;
  readonly site: Site;
  readonly effects: Effects;
  readonly clock: Clock;
}

interface Storing {
  readonly data: Data;
  readonly takenAt: Date;
  readonly run: RunId;
  readonly member: MemberName;
  readonly kind: SnapshotKind;
}

/** Makes an empty store. */
export function fakeSnapshots({ cluster, site, effects, clock }: FakeSnapshotsDeps): FakeSnapshots {
  const records: SnapshotRecord[] = [];
  const contents = new Map<string, Data>();
  const flaws = new Map<string, string>();
  const ownFiles: FakeSnapshots['ownFiles'] = new Map();
  const keepContent = (data: Data): { readonly content: Data; readonly sha256: string } => {
    const content = copyOf(data);
    const sha256 = createHash('sha256')
      .update(JSON.stringify([...content.keys].map(([key, { value }]) => [key, value])) + String(content.revision))
      .digest('hex');
    contents.set(sha256, content);
    return { content, sha256 };
  };
  const store = ({ data, takenAt, run, member, kind }: Storing): SnapshotRecord => {
    const { content, sha256 } = keepContent(data);
    const stamp = takenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const id = SnapshotId.parse(`${stamp}Z-rev${content.revision}`);
    const record: SnapshotRecord = {
      id,
      name: id,
      kind,
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
      signed: true,
      doubts: [],
    };
    records.unshift(record);
    return record;
  };
  const storeOnce = (effect: string, storing: Storing): SnapshotRecord => {
    effects.perform(effect, {
      whole: () => {
        if (records.some((record) => record.run === storing.run)) return false;
        store(storing);
        return true;
      },
    });
    const saved = records.find((record) => record.run === storing.run);
    if (saved === undefined) throw new Error('the snapshot was not stored');
    return saved;
  };
  return {
    records,
    contents,
    flaws,
    ownFiles,
    put(name, kind, data) {
      const { content, sha256 } = keepContent(data);
      ownFiles.set(name, {
        name,
        kind,
        path: `/backups/${cluster}/${name.slice('file:'.length)}`,
        bytes: 20_480,
        sha256,
        revision: content.revision,
        totalKeys: content.keys.size,
        hash: 'abc',
        authEnabled: undefined,
        v2Keys: 'unknown',
        takenAt: undefined,
        doubts: ['nobody vouches for this file: a person put it here'],
      });
    },
    keep: (data, takenAt) =>
      store({ data, takenAt, run: RunId.parse(`backup-${cluster}-000000`), member: MemberName.parse('etcd01'), kind: 'snapshot' }),
    list: async () => records.map((record) => ({ ok: true, record })),
    async find(id) {
      effects.assertAlive();
      const record = records.find((each) => each.id === id);
      if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${id} of ${cluster}.`);
      return record;
    },
    takenBy: async (run) => records.find((record) => record.run === run),
    async inspect(name) {
      effects.assertAlive();
      const file = ownFiles.get(name);
      if (file === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no file ${name}.`);
      return file;
    },
    async check(record) {
      effects.assertAlive();
      const flaw = flaws.get(record.name);
      return flaw === undefined ? holds() : fails(flaw);
    },
    async save({ run, origin }) {
      const machine = site.machines.get(origin.member);
      const data = machine === undefined ? undefined : servedBy(machine, site);
      if (data === undefined) throw new OpsError('ETCD_UNREACHABLE', `${origin.member} does not answer.`);
      return storeOnce(`save ${origin.member}`, { data, takenAt: clock.now(), run, member: origin.member, kind: 'snapshot' });
    },
    async saveCopy({ run, origin, progress, fetch }) {
      await fetch(`/backups/${cluster}/.${run}.part`, progress);
      const data = site.machines.get(origin.member)?.dirs.get(site.dataDir)?.data;
      if (data === undefined) throw new OpsError('SNAPSHOT_INVALID', `${origin.member} has no database.`);
      return storeOnce(`copy ${origin.member}`, { data, takenAt: clock.now(), run, member: origin.member, kind: 'database-copy' });
    },
    elsewhere: async () => [],
    v2: fakeV2Backups({ cluster, effects, clock }),
    commands: { save: (from) => [{ on: 'bot', argv: ['etcdctl', 'snapshot', 'save', `--endpoints=${from}`] }] },
  };
}
