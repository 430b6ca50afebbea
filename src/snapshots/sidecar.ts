/** The JSON beside a snapshot: how it is written, and how it is read back and doubted. */
import { z } from 'zod';
import type { Clock } from '../engine/ports.ts';
import { ClusterId, ClusterName, MemberName, RunId, SnapshotId } from '../ids.ts';
import { readSmallFile } from '../files/plain-file.ts';
import type { Layout } from './layout.ts';
import { canonical, doubtsOf } from './signing.ts';
import type { Signing } from './signing.ts';
import type { SnapshotRecord } from './snapshots.ts';

/** It has about 700 bytes. */
const maxBytes = 65_536;

/** The form of the file; `path` is not in it, because the directory may be moved. A bigint stands as text. */
const Sidecar = z.object({
  format: z.literal(1),
  id: SnapshotId,
  /** Absent in sidecars from before there were copies. */
  kind: z.enum(['snapshot', 'database-copy']).default('snapshot'),
  cluster: ClusterName,
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  revision: z
    .string()
    .regex(/^[0-9]{1,19}$/)
    .transform(BigInt),
  totalKeys: z.int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{1,8}$/),
  clusterId: ClusterId.nullable(),
  member: MemberName,
  etcdVersion: z.string().min(1),
  dbSizeBytes: z.int().nonnegative(),
  authEnabled: z.boolean().nullable(),
  v2Keys: z.enum(['some', 'none', 'not-served', 'unknown']),
  takenAt: z.iso.datetime().transform((text) => new Date(text)),
  run: RunId,
  /** Over all fields above; absent in sidecars from before there were signatures. */
  signature: z.string().max(128).optional(),
});
const fieldNames = Object.keys(Sidecar.shape);

/** A sidecar as it could be read, or why it cannot be used, as the end of a sentence about it. */
export type SidecarReading =
  | { readonly ok: true; readonly record: SnapshotRecord }
  | { readonly ok: false; readonly missing: boolean; readonly because: string };

/** The text of a record's sidecar, signed. @throws OpsError STORE_FAILED when there is no key to sign with */
export function sidecarText(record: SnapshotRecord, signing: Signing): string {
  const { path: _path, name: _name, doubts: _doubts, signed: _signed, authEnabled = null, clusterId = null, ...rest } = record;
  const fields: z.input<typeof Sidecar> = {
    ...rest,
    format: 1,
    authEnabled,
    clusterId,
    revision: record.revision.toString(),
    takenAt: record.takenAt.toISOString(),
  };
  const signature = signing.sign(canonical('snapshot', fieldNames, fields));
  return `${JSON.stringify({ ...fields, signature }, undefined, 2)}\n`;
}

/** What reading a sidecar needs. */
export interface SidecarDeps {
  readonly layout: Layout;
  readonly signing: Signing;
  readonly clock: Pick<Clock, 'now'>;
}

/** Reads the sidecar of an id; never throws for one that is missing, cut or changed, and never waits for what is no file. */
export function readSidecar({ layout, signing, clock }: SidecarDeps, id: SnapshotId): SidecarReading {
  const reading = readSmallFile(layout.sidecar(id), 'refused', maxBytes);
  if (!reading.ok)
    return reading.code === 'ENOENT'
      ? { ok: false, missing: true, because: 'is missing' }
      : { ok: false, missing: false, because: reading.because };
  const value = jsonOf(reading.content.toString('utf8'));
  if (value === undefined) return { ok: false, missing: false, because: 'is no JSON: it was cut or changed' };
  const parsed = Sidecar.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      ok: false,
      missing: false,
      because: `is invalid: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'not as expected'}`,
    };
  }
  const { format: _format, authEnabled, clusterId, signature, ...fields } = parsed.data;
  if (fields.id !== id) return { ok: false, missing: false, because: `is that of ${fields.id}` };
  if (fields.cluster !== layout.cluster)
    return { ok: false, missing: false, because: `is that of a snapshot of the cluster ${fields.cluster}` };
  // Of the fields as they stand in the file: what is read and what was signed is the same text.
  const written = canonical('snapshot', fieldNames, value as Readonly<Record<string, unknown>>);
  const signed = signature !== undefined && signing.knows(written, signature);
  return {
    ok: true,
    record: {
      ...fields,
      signed,
      doubts: doubtsOf(signed, signature, fields.takenAt, clock.now()),
      name: id,
      authEnabled: authEnabled ?? undefined,
      clusterId: clusterId ?? undefined,
      path: layout.file(id),
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
