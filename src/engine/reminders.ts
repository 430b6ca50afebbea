/** When people are reminded of an approval that is still needed: from the gate alone, so that every process says the same. */
import type { Gate } from './journal.ts';

/** `half`: of the time to approve is over. `late`: four fifths are. */
export type Reminder = 'half' | 'late';

const shares = { half: 1 / 2, late: 4 / 5 } as const satisfies Record<Reminder, number>;

/** The times at which a gate reminds, the earlier first; none where nobody's approval is asked for. */
export function remindersOf({ kind, openedAt, expiresAt }: Gate): readonly { readonly reminder: Reminder; readonly at: Date }[] {
  if (kind !== 'approval') return [];
  const opened = Date.parse(openedAt);
  const lastsMs = Date.parse(expiresAt) - opened;
  return (['half', 'late'] as const).map((reminder) => ({ reminder, at: new Date(opened + Math.floor(lastsMs * shares[reminder])) }));
}

/** The reminder that is due at a gate that is still open: of two the later one, and none once the time is over. */
export function dueReminder(gate: Gate, now: Date): Reminder | undefined {
  if (now.getTime() >= Date.parse(gate.expiresAt)) return undefined;
  return remindersOf(gate).findLast(({ at }) => at <= now)?.reminder;
}
