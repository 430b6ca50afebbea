/** Where a cluster's snapshots are, and how their files are named: a listing of the directory reads by itself. */
import { join } from 'node:path';
import { SnapshotFileName, SnapshotId } from '../ids.ts';
import type { ClusterName, RunId } from '../ids.ts';

/** Names of one cluster's files, all in one directory. */
export interface Layout {
  readonly cluster: ClusterName;
  /** `<backup directory>/<cluster>`, mode 0700. */
  readonly directory: string;
  /** `<utc>-rev<revision>.db`. */
  file(id: SnapshotId): string;
  /** A file that a person put there. */
  own(file: SnapshotFileName): string;
  /** `<utc>-rev<revision>.json`, the sidecar. */
  sidecar(id: SnapshotId): string;
  /** A file while a run still writes it; hidden, so that nobody restores from it. */
  unfinished(run: RunId, what: 'snapshot' | 'sidecar'): string;
}

/** The layout of one cluster. */
export function layoutOf(backups: string, cluster: ClusterName): Layout {
  const directory = join(backups, cluster);
  return {
    cluster,
    directory,
    file: (id) => join(directory, `${id}.db`),
    own: (file) => join(directory, file.slice('file:'.length)),
    sidecar: (id) => join(directory, `${id}.json`),
    unfinished: (run, what) => join(directory, what === 'snapshot' ? `.${run}.part` : `.${run}.json.part`),
  };
}

/** What a file in the directory is, by its name. */
export type NamedFile =
  | { readonly kind: 'snapshot' | 'sidecar'; readonly id: SnapshotId }
  /** Ends like one of ours, but its name is no id: a person put it there. Without `usableAs` its name cannot be said in a command. */
  | { readonly kind: 'stray'; readonly usableAs?: SnapshotFileName }
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'foreign' };

/** Tells what a file is by its name alone. */
export function nameOf(file: string): NamedFile {
  if (file.startsWith('.') && file.endsWith('.part')) return { kind: 'unfinished' };
  const [, stem, ending] = /^(.+)\.(db|json)$/.exec(file) ?? [];
  if (stem === undefined) return { kind: 'foreign' };
  const id = SnapshotId.safeParse(stem);
  if (id.success) return { kind: ending === 'db' ? 'snapshot' : 'sidecar', id: id.data };
  if (ending !== 'db') return { kind: 'foreign' };
  const own = SnapshotFileName.safeParse(`file:${file}`);
  return own.success ? { kind: 'stray', usableAs: own.data } : { kind: 'stray' };
}

/** The id of a snapshot: when its stream began (UTC, to the second) and the revision in it. */
export function snapshotIdOf(takenAt: Date, revision: bigint): SnapshotId {
  const utc = `${takenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return SnapshotId.parse(`${utc}-rev${revision}`);
}
