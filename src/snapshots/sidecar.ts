/** The JSON beside a snapshot: how it is written, and how it is read back and doubted. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ClusterId, ClusterName, MemberName, RunId, SnapshotId } from '../ids.ts';
import type { Layout } from './layout.ts';
import type { SnapshotRecord } from './snapshots.ts';
import { systemCode } from './store-error.ts';

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
});

/** A sidecar as it could be read, or why it cannot be used, as the end of a sentence about it. */
export type SidecarReading =
  | { readonly ok: true; readonly record: SnapshotRecord }
  | { readonly ok: false; readonly missing: boolean; readonly because: string };

/** The text of a record's sidecar. */
export function sidecarText(record: SnapshotRecord): string {
  const { path: _path, name: _name, authEnabled = null, clusterId = null, ...rest } = record;
  const fields: z.input<typeof Sidecar> = {
    ...rest,
    format: 1,
    authEnabled,
    clusterId,
    revision: record.revision.toString(),
    takenAt: record.takenAt.toISOString(),
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

/** Reads the sidecar of an id; never throws for one that is missing, cut or changed. */
export async function readSidecar(layout: Layout, id: SnapshotId): Promise<SidecarReading> {
  let text: string;
  try {
    text = await readFile(layout.sidecar(id), 'utf8');
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT'
      ? { ok: false, missing: true, because: 'is missing' }
      : { ok: false, missing: false, because: `could not be read (${code})` };
  }
  const value = jsonOf(text);
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
  const { format: _format, authEnabled, clusterId, ...fields } = parsed.data;
  if (fields.id !== id) return { ok: false, missing: false, because: `is that of ${fields.id}` };
  if (fields.cluster !== layout.cluster)
    return { ok: false, missing: false, because: `is that of a snapshot of the cluster ${fields.cluster}` };
  return {
    ok: true,
    record: {
      ...fields,
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
