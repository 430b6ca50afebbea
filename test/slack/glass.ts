/** A restore whose approvers sleep: alice, who asked for it, breaks the glass, as the journal tells it. */
import type { Decision, JournalEvent } from '../../src/engine/journal.ts';
import { UserId } from '../../src/ids.ts';
import { gate } from './fakes.ts';
import { waiting } from './story.ts';

const { gateId } = gate();

/** What alice said. */
export const broke: Decision = {
  verdict: 'break-glass',
  by: UserId.parse('U0ALICE'),
  reason: 'alone on call',
  delayMs: 300_000,
  at: '2026-11-22T03:14:00.000Z',
};

/** Broken, and not yet counting. */
export const glassBroken: readonly JournalEvent[] = [...waiting, { type: 'gate-said', gateId, decision: broke }];

/** Cancelled by somebody who happened to read it. */
export const glassCancelled: readonly JournalEvent[] = [
  ...glassBroken,
  {
    type: 'gate-said',
    gateId,
    decision: { verdict: 'cancel-break-glass', by: UserId.parse('U0MALLORY'), at: '2026-11-22T03:15:00.000Z' },
  },
];

/** Nobody cancelled it. */
export const glassUsed: readonly JournalEvent[] = [
  ...glassBroken,
  { type: 'gate-settled', gateId, outcome: 'approved', decisions: [broke] },
];

/** Bob was awake after all. */
export const glassOvertaken: readonly JournalEvent[] = [
  ...glassBroken,
  {
    type: 'gate-settled',
    gateId,
    outcome: 'rejected',
    decisions: [{ verdict: 'reject', by: UserId.parse('U0BOB'), at: '2026-11-22T03:16:00.000Z' }],
  },
];
