/** A restore as it is told by its journal, up to wherever a test wants to stop. */
import type { ExecutedCommand } from '../../src/engine/command.ts';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { UserId } from '../../src/ids.ts';
import { gate } from './fakes.ts';

const bob = UserId.parse('U0BOB');
const carol = UserId.parse('U0CAROL');

/** A command that was carried out. */
export function command(on: string, argv: readonly string[], output = '', overrides: Partial<ExecutedCommand> = {}): ExecutedCommand {
  return {
    on,
    argv,
    changes: true,
    exitCode: 0,
    durationMs: 180,
    output,
    outputBytes: output.length,
    outputSha256: 'e3b0c44298fc1c14',
    ...overrides,
  };
}

const steps = [
  ['choose-snapshot', 'Check snapshot 20261122T030105Z-rev48213 once more', 'check'],
  ['preflight', 'Look at 3 hosts: ssh, sudo, tools, disk, settings', 'check'],
  ['hand-out', 'Hand the snapshot to 3 hosts', 'change'],
  ['restore-aside', 'Restore it beside the present data and check it there', 'change'],
  ['replace-data', 'Stop etcd on 3 hosts and put the snapshot’s data in place of the present data-dirs', 'destroy'],
  ['start', 'Start etcd on 3 hosts', 'change'],
  ['members-agree', 'One leader, one raft term, the same hash on every member, no alarm', 'check'],
  ['delete-old-data', 'Delete the old data-dirs for good', 'destroy'],
] as const;

/** Prepared, and two steps looked at. */
export const begun: readonly JournalEvent[] = [
  {
    type: 'run-prepared',
    prepared: {},
    summary: 'Put back 20261122T030105Z-rev48213 (revision 48213, 22 MB, 11 minutes old)',
    steps: steps.map(([id, title, kind]) => ({ id, title, kind })),
  },
  { type: 'step-started', stepId: 'choose-snapshot', plan: [] },
  {
    type: 'step-settled',
    stepId: 'choose-snapshot',
    how: 'done',
    durationMs: 410,
    note: 'The SHA-256 is that of the listing, and etcd’s own check agrees.',
  },
  { type: 'step-started', stepId: 'preflight', plan: [] },
  {
    type: 'step-settled',
    stepId: 'preflight',
    how: 'done',
    durationMs: 1_320,
    note: 'etcd 3.5.16 with `etcdutl` on all of them; 18 GB free where 44 MB are needed.',
  },
];

/** Handed out and restored beside. */
export const prepared: readonly JournalEvent[] = [
  ...begun,
  { type: 'step-started', stepId: 'hand-out', plan: [] },
  ...['etcd01', 'etcd02', 'etcd03'].map((on): JournalEvent => ({
    type: 'command',
    stepId: 'hand-out',
    command: command(on, ['sha256sum', '/data/etcd/.medic-7f3a9c/snapshot.db'], '5f0c1d9be27a6b1c  /data/etcd/.medic-7f3a9c/snapshot.db'),
  })),
  { type: 'step-settled', stepId: 'hand-out', how: 'done', durationMs: 3_240, note: '22 MB to each; the same SHA-256 everywhere.' },
  { type: 'step-started', stepId: 'restore-aside', plan: [] },
  {
    type: 'command',
    stepId: 'restore-aside',
    command: command(
      'etcd01',
      [
        'sudo',
        'etcdutl',
        'snapshot',
        'restore',
        '/data/etcd/.medic-7f3a9c/snapshot.db',
        '--name',
        'etcd01',
        '--data-dir',
        '/data/etcd/data.restored-7f3a9c',
        '--initial-cluster',
        'etcd01=https://10.0.0.31:2380,etcd02=https://10.0.0.32:2380,etcd03=https://10.0.0.33:2380',
      ],
      'restoring snapshot\nrestored snapshot\nadded member\nadded member\nadded member',
    ),
  },
  { type: 'step-settled', stepId: 'restore-aside', how: 'done', durationMs: 5_900, note: 'Hash, revision and size agree on 3 hosts.' },
];

/** At the gate. */
export const waiting: readonly JournalEvent[] = [...prepared, { type: 'gate-opened', gate: gate() }];

/** Approved by two, and the data replaced. */
export const approved: readonly JournalEvent[] = [
  ...waiting,
  {
    type: 'gate-settled',
    gateId: gate().gateId,
    outcome: 'approved',
    decisions: [
      { verdict: 'approve', by: bob, at: '2026-11-22T03:14:00.000Z' },
      { verdict: 'approve', by: carol, at: '2026-11-22T03:15:00.000Z' },
    ],
  },
  { type: 'step-started', stepId: 'replace-data', plan: gate().plan, gateId: gate().gateId },
  { type: 'command', stepId: 'replace-data', command: command('etcd01', ['sudo', 'systemctl', 'stop', 'etcd']) },
  { type: 'step-settled', stepId: 'replace-data', how: 'done', durationMs: 2_100 },
  { type: 'step-started', stepId: 'start', plan: [] },
];

/** The start failed and waits. */
export const failed: readonly JournalEvent[] = [
  ...approved,
  {
    type: 'step-failed',
    stepId: 'start',
    code: 'HOST_COMMAND_FAILED',
    because:
      'systemctl start etcd on etcd02 ended with exit code 1: “Job for etcd.service failed because the control process exited with error code.”',
    hint: 'Read what the command said, correct the cause on the host, then press Retry.',
  },
  {
    type: 'gate-opened',
    gate: gate({
      gateId: 'restore-prod-7f3a9c.2',
      kind: 'failure',
      stepId: 'start',
      title: 'Start etcd on 3 hosts',
      plan: [],
      facts: {},
      reason:
        'systemctl start etcd on etcd02 ended with exit code 1: “Job for etcd.service failed because the control process exited with error code.”',
      hint: 'Read what the command said, correct the cause on the host, then press Retry.',
      required: 1,
      digest: 'f'.repeat(64),
      expiresAt: '2026-11-23T03:20:00.000Z',
    }),
  },
];

/** Retried, started, and at the optional gate. */
export const optional: readonly JournalEvent[] = [
  ...failed,
  {
    type: 'gate-settled',
    gateId: 'restore-prod-7f3a9c.2',
    outcome: 'retried',
    decisions: [{ verdict: 'retry', by: UserId.parse('U0ALICE'), at: '2026-11-22T03:18:00.000Z' }],
  },
  { type: 'step-started', stepId: 'start', plan: [] },
  { type: 'step-settled', stepId: 'start', how: 'done', durationMs: 4_300 },
  { type: 'step-started', stepId: 'members-agree', plan: [] },
  {
    type: 'step-settled',
    stepId: 'members-agree',
    how: 'done',
    durationMs: 900,
    note: 'Leader etcd01, raft term 2, hash 2918273341 at revision 1048214.',
  },
  {
    type: 'gate-opened',
    gate: gate({
      gateId: 'restore-prod-7f3a9c.3',
      stepId: 'delete-old-data',
      title: 'Delete the old data-dirs for good',
      reason: 'the data of prod from before this restore: it cannot be put back afterwards',
      otherwise:
        'The old data-dirs stay: etcd01:/data/etcd/data.before-7f3a9c, etcd02:/data/etcd/data.before-7f3a9c, etcd03:/data/etcd/data.before-7f3a9c.',
      required: 1,
      digest: 'a'.repeat(64),
      plan: ['etcd01', 'etcd02', 'etcd03'].map((on) => ({
        on,
        argv: ['sudo', 'rm', '-rf', '--one-file-system', '/data/etcd/data.before-7f3a9c'],
      })),
      facts: { 'members agree': 'yes', 'old data': '3 × 44 MB' },
    }),
  },
];

/** Kept, and ended. */
export const ended: readonly JournalEvent[] = [
  ...optional,
  {
    type: 'gate-settled',
    gateId: 'restore-prod-7f3a9c.3',
    outcome: 'rejected',
    decisions: [{ verdict: 'reject', by: bob, at: '2026-11-22T03:25:00.000Z' }],
  },
  {
    type: 'step-settled',
    stepId: 'delete-old-data',
    how: 'declined',
    durationMs: 0,
    note: 'The old data-dirs stay: etcd01:/data/etcd/data.before-7f3a9c.',
  },
  {
    type: 'run-ended',
    outcome: 'completed',
    summary:
      'prod serves again from snapshot 20261122T030105Z-rev48213, at revision 1048214. 3 of 3 members answer; 1 may fail.\nLost: all writes after revision 48213: 118 revisions, about 11 minutes.\nRestart what watches this cluster (Kubernetes: apiservers and controllers); resume Patroni if you paused it.',
  },
];
