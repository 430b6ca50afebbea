/** What is settled when an undo begins. */
import { z } from 'zod';
import { ClusterId, MemberName, RunId } from '../../ids.ts';
import { SnapshotSource } from '../restoring/safety-snapshot.ts';

/** How a member finds its cluster, as etcd's configuration has it. */
const Settings = z.object({
  initialClusterState: z.enum(['new', 'existing']),
  initialClusterToken: z.string().exactOptional(),
  initialCluster: z.string().exactOptional(),
});

/** One host's data-dir by its identity: the one of before that run, and the one that run put into its place; null where there was none. */
const Replaced = z.object({ member: MemberName, before: z.string().nullable(), after: z.string().nullable() });
export type Replaced = z.infer<typeof Replaced>;

export const PreparedUndo = z.object({
  /** The run that is undone. */
  run: RunId,
  replaced: z.array(Replaced),
  /** Were switched off when that run began, and took no part in it. */
  leftOut: z.array(MemberName),
  /** Have data of before, and are started on it. */
  serving: z.array(MemberName),
  /** Had none before either: they stay stopped and masked. */
  lacking: z.array(MemberName),
  /** Of `serving`: that run was cut before it came to them, so their data never moved. */
  untouched: z.array(MemberName),
  /** Null where nobody answers, or answered, who could say it. */
  clusterId: z.object({ present: ClusterId.nullable(), before: ClusterId.nullable() }),
  /** The highest revision in what is kept. */
  keptRevision: z.string().transform(BigInt),
  loses: z.string(),
  /** Where that run's settings still stand, and what they were. */
  settings: z.array(z.object({ member: MemberName, present: Settings, before: Settings })),
  /** Where the present data can be saved from; null when nobody serves it. */
  source: SnapshotSource.nullable(),
});
export type PreparedUndo = z.infer<typeof PreparedUndo>;
