/** Events that Slack delivers again. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/slack/limits.ts';
import { createSeen } from '../../src/slack/seen.ts';
import { fakeClock } from './fakes.ts';

describe('createSeen', () => {
  it('takes an event once for as long as Slack repeats it', () => {
    const clock = fakeClock();
    const isNew = createSeen({ clock });

    expect([isNew('Ev1'), isNew('Ev1'), isNew('Ev2')]).toEqual([true, false, true]);
    clock.forward(limits.redeliveryMs - 1);
    expect(isNew('Ev1')).toBe(false);
    clock.forward(1);
    expect(isNew('Ev1')).toBe(true);
  });

  it('takes what has no id', () => {
    const isNew = createSeen({ clock: fakeClock() });

    expect([isNew(undefined), isNew(undefined)]).toEqual([true, true]);
  });
});
