/** A recovery from lost quorum as its journal tells it: it asks which way, and then for somebody's word. */
import type { Gate, JournalEvent, RunRequest } from '../../src/engine/journal.ts';
import { ClusterName, RunId, UserId } from '../../src/ids.ts';
import { gate, request } from './fakes.ts';

const runId = RunId.parse('recover-quorum-prod-7f3a9c');

/** The run. */
export function recovery(overrides: Partial<RunRequest> = {}): RunRequest {
  return request({ runId, procedure: 'recover-quorum', ...overrides });
}

/** The gate of a choice as the tests use it: two ways possible, one not. */
export function choiceGate(overrides: Partial<Gate> = {}): Gate {
  return gate({
    gateId: `${runId}.1`,
    kind: 'choice',
    stepId: 'choose-way',
    title: 'Choose how to bring prod back',
    plan: [],
    facts: { 'members that answer': 'etcd01', 'data-dirs': 'etcd01 and etcd02 intact, etcd03 not reachable' },
    reason: 'Two of three members are down and quorum is lost. Which way back?',
    options: [
      { id: 'start', title: 'Start etcd on etcd02', detail: 'Its data is intact: nothing is lost. About a minute.', possible: true },
      {
        id: 'survivor',
        title: 'Rebuild from etcd01',
        detail: 'Lost: what etcd02 and etcd03 had and etcd01 had not, 3 revisions at most. About five minutes.',
        possible: true,
      },
      { id: 'snapshot', title: 'Put back a snapshot', detail: 'There is no snapshot that passes its check.', possible: false },
    ],
    required: 1,
    ...overrides,
  });
}

/** The gate of an attestation. */
export function attestGate(overrides: Partial<Gate> = {}): Gate {
  return gate({
    gateId: `${runId}.2`,
    stepId: 'gone-for-good',
    title: 'Attest that etcd03 is gone',
    plan: [],
    facts: { etcd03: 'answers neither etcd nor ssh' },
    reason: 'etcd03 does not answer; from here a cut network looks the same.',
    attests: 'etcd03’s host is switched off and will not come back by itself.',
    confirm: ClusterName.parse('prod'),
    ...overrides,
  });
}

const look = ['look', 'Look at every member and every host', 'check'] as const;
const way = ['choose-way', 'Choose how to bring prod back', 'choose'] as const;
const rest = [
  ['gone-for-good', 'Attest that etcd03 is gone', 'attest'],
  ['rebuild', 'Rebuild from etcd01', 'destroy'],
] as const;
const lines = (all: readonly (readonly [string, string, 'check' | 'choose' | 'attest' | 'destroy'])[]) =>
  all.map(([id, title, kind]) => ({ id, title, kind }));

/** At the choice. */
export const choosing: readonly JournalEvent[] = [
  { type: 'run-prepared', prepared: {}, summary: 'Bring prod back: 1 of 3 members answers', steps: lines([look, way]) },
  { type: 'step-started', stepId: 'look', plan: [] },
  { type: 'step-settled', stepId: 'look', how: 'done', durationMs: 900 },
  { type: 'gate-opened', gate: choiceGate() },
];

/** Chosen, and at the attestation that follows from it. */
export const attesting: readonly JournalEvent[] = [
  ...choosing,
  {
    type: 'gate-settled',
    gateId: choiceGate().gateId,
    outcome: 'chosen',
    decisions: [{ verdict: 'choose', option: 'survivor', by: UserId.parse('U0ALICE'), at: '2026-11-22T03:14:00.000Z' }],
  },
  {
    type: 'step-settled',
    stepId: 'choose-way',
    how: 'done',
    note: 'Chosen by U0ALICE: Rebuild from etcd01',
    chosen: { option: 'survivor', steps: lines([look, way, ...rest]) },
    durationMs: 0,
  },
  { type: 'gate-opened', gate: attestGate() },
];

/** Attested by two. */
export const attested: readonly JournalEvent[] = [
  ...attesting,
  {
    type: 'gate-settled',
    gateId: attestGate().gateId,
    outcome: 'approved',
    decisions: (['U0BOB', 'U0CAROL'] as const).map((by) => ({
      verdict: 'approve',
      by: UserId.parse(by),
      at: '2026-11-22T03:16:00.000Z',
    })),
  },
  {
    type: 'step-settled',
    stepId: 'gone-for-good',
    how: 'done',
    note: 'Attested by U0BOB and U0CAROL: etcd03’s host is switched off and will not come back by itself.',
    durationMs: 0,
  },
];
