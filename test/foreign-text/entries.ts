/** A journal in which every text is the same foreign one. */
import type { JournalEntry } from '../../src/engine/journal.ts';
import { UserId } from '../../src/ids.ts';
import { gate, journalOf } from '../slack/fakes.ts';
import { command } from '../slack/story.ts';

const by = UserId.parse('U0BOB');

/** One entry of most kinds. */
export function saying(text: string): JournalEntry[] {
  const opened = gate({ title: text, reason: text, facts: { revision: text }, plan: [{ on: 'etcd01', argv: ['cat', text] }] });
  const decisions = [{ verdict: 'break-glass', reason: text, delayMs: 1, by, at: '2026-11-22T03:13:00.000Z' }] as const;
  return journalOf([
    { type: 'run-prepared', prepared: {}, summary: text, steps: [{ id: 's', title: text, kind: 'destroy' }] },
    { type: 'gate-opened', gate: opened },
    { type: 'gate-said', gateId: opened.gateId, decision: decisions[0] },
    { type: 'gate-settled', gateId: opened.gateId, outcome: 'approved', decisions, difference: text },
    { type: 'step-started', stepId: 's', plan: opened.plan },
    { type: 'command', stepId: 's', command: command('etcd01', ['cat', text], text) },
    { type: 'step-settled', stepId: 's', how: 'done', note: text, durationMs: 1 },
    { type: 'step-failed', stepId: 's', code: 'HOST_COMMAND_FAILED', because: text, hint: text },
    { type: 'run-ended', outcome: 'failed', summary: text },
  ]);
}
