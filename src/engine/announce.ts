/** Makes a word about breaking the glass part of the journal, and so of the thread, before it can count. */
import { isAboutGlass } from './break-glass.ts';
import type { Execution } from './execution.ts';
import type { Decision } from './journal.ts';
import type { GateRecord } from './replay.ts';

/** Records the words that the journal does not have yet. What is said at a gate only grows, so their number tells which are new. */
export async function announce(execution: Execution, record: GateRecord, said: readonly Decision[]): Promise<void> {
  for (const decision of said.filter(isAboutGlass).slice(record.said.length))
    await execution.record({ type: 'gate-said', gateId: record.gate.gateId, decision });
}
