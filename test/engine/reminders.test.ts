/** When a gate reminds people. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueReminder, remindersOf } from '../../src/engine/reminders.ts';
import { gate } from '../slack/fakes.ts';

const open = gate({ openedAt: '2026-11-22T03:00:00.000Z', expiresAt: '2026-11-22T03:30:00.000Z' });
const at = (time: string) => new Date(`2026-11-22T${time}Z`);

describe('remindersOf', () => {
  it('reminds at half time and at four fifths', () => {
    expect(remindersOf(open)).toEqual([
      { reminder: 'half', at: at('03:15:00.000') },
      { reminder: 'late', at: at('03:24:00.000') },
    ]);
  });

  it.each(['failure', 'choice'] as const)('reminds nobody at a gate of kind %s', (kind) => {
    expect(remindersOf({ ...open, kind })).toEqual([]);
  });

  it('lies between the opening and the expiry, in order, however short the time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 * 24 * 3_600_000 }), (lastsMs) => {
        const opened = Date.parse(open.openedAt);
        const times = remindersOf({ ...open, expiresAt: new Date(opened + lastsMs).toISOString() }).map((one) => one.at.getTime());

        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const time of times) expect(time >= opened && time < opened + lastsMs).toBe(true);
      }),
    );
  });
});

describe('dueReminder', () => {
  it.each([
    ['03:14:59.999', undefined],
    ['03:15:00.000', 'half'],
    ['03:23:59.999', 'half'],
    ['03:24:00.000', 'late'],
    ['03:29:59.999', 'late'],
    ['03:30:00.000', undefined],
  ])('at %s is %s', (time, due) => {
    expect(dueReminder(open, at(time))).toBe(due);
  });
});
