/** All that a host says of itself at one moment, parsed: the answer to `look` of docs/host-protocol.md. */
import { z } from 'zod';
import { cleaned, isPlain } from '../engine/foreign-text.ts';
import { optional } from './optional.ts';

const Count = z.int().min(0);
/** Shown, and never acted on: whatever is in it becomes harmless. */
const Said = (maxCharacters: number) => z.string().transform((text) => cleaned(text, maxCharacters));
/** A path stands in commands that people approve, so it is what it looks like or nothing. */
const Path = z.string().min(1).max(4_096).refine(isPlain, 'holds characters that cannot be seen');
const Account = z.string().min(1).max(64).refine(isPlain);
/** As etcd writes them: hexadecimal. */
const Id = z.string().regex(/^[0-9a-f]{1,16}$/);
const Pids = z.array(z.int().min(1)).max(10_000);

const Entry = z
  .object({
    type: z.enum(['directory', 'file', 'link', 'other']),
    user: Account,
    group: Account,
    mode: z.string().regex(/^[0-7]{1,5}$/),
    identity: z.string().regex(/^[0-9]*:?[0-9]*$/),
    /** Of a directory. */
    empty: optional(z.boolean()),
    /** Of a directory only when sizes were asked for. */
    bytes: optional(Count),
  })
  .nullable();
export type Entry = z.infer<typeof Entry>;

const OfRun = z.object({
  snapshot: Entry,
  restored: Entry,
  aside: Entry,
  /** What the run had put in place, after its `put-back` by hand. */
  undone: Entry,
  paths: z.object({ snapshot: Path, restored: Path, aside: Path, undone: Path }),
  /** Where the WAL of what is aside or undone lies, when it is apart. */
  wal_aside: optional(Path),
  wal_undone: optional(Path),
});

const Certificate = z.object({
  use: z.enum(['client', 'peer']),
  file: Path,
  key_file: optional(Path),
  ca_file: optional(Path),
  pem: optional(z.string()),
  ca_pem: optional(z.string()),
  key_matches: optional(z.boolean()),
  problem: optional(Said(400)),
});
export type CertificateSeen = z.infer<typeof Certificate>;

const Tool = z.object({
  program: z.enum(['etcdutl', 'etcdctl']),
  path: Path,
  version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+[\w.+-]{0,40}$/),
  restores: z.boolean(),
  bumps: z.boolean(),
});

export const Look = z.object({
  /** The host's clock, seconds since 1970. */
  time: z.number().min(0),
  unit: Said(128),
  allow: z.array(z.string().max(64)).max(64),
  user: Account,
  group: Account,
  data_dir: Path,
  state: z.object({
    active: Said(40),
    masked: z.boolean(),
    masked_on_disk: z.boolean(),
    needs_reload: z.boolean(),
    main_pid: Count,
  }),
  processes: Pids,
  /** Programs called etcd that are of no entry of host.json. */
  other_processes: Pids,
  tools_running: Pids,
  settings: z.object({
    style: z.enum(['environment-file', 'flags', 'config-file']),
    file: Path.nullable(),
    changeable: z.boolean(),
    because: optional(Said(600)),
    /** What cannot be read, or names other directories than host.json. */
    problem: optional(Said(600)),
    /** By etcd's flag names, as they stand. */
    values: z.record(z.string().max(128), z.string().max(16_384)).transform((values) => new Map(Object.entries(values))),
    enable_v2: optional(z.boolean()),
  }),
  place: z.object({
    /** What is moved as one: the data-dir, or what is in it where it is a mount point. */
    target: Path,
    problem: optional(Said(600)),
    data: Entry,
    runs: z.record(z.string().max(128), OfRun).transform((runs) => new Map(Object.entries(runs))),
    beside: z.array(Said(1_024)).max(10_000),
  }),
  /** Beside the data, where a restore makes its own; null when it could not be seen. */
  free_bytes: optional(Count),
  /** Of the data itself, which is another file system where it is a mount point. */
  data_free_bytes: optional(Count),
  /** Whose the data is, as its WAL says. */
  data_ids: optional(z.object({ member: Id, cluster: Id })),
  server_version: optional(Said(60)),
  /** Absent when they were not asked for, as certificates. */
  tools: optional(z.array(Tool).max(16)),
  zstd: optional(z.boolean()),
  certificates: optional(z.array(Certificate).max(16)),
  force: z.object({ in_unit: z.boolean(), in_settings: z.boolean(), in_process: z.boolean().nullable() }),
});
export type Look = z.infer<typeof Look>;
