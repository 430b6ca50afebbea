/** Which channels count as allowed. */
import { describe, expect, it } from 'vitest';
import { isAllowedChannel } from '../../src/access/channels.ts';

describe('isAllowedChannel', () => {
  it('allows a channel by its id, whatever its name', () => {
    expect(isAllowedChannel(['C0INCIDENT'], { id: 'C0INCIDENT', name: 'renamed' })).toBe(true);
  });

  it('allows a channel by its whole name only', () => {
    expect(isAllowedChannel(['#incidents'], { id: 'C1', name: 'incidents' })).toBe(true);
    expect(isAllowedChannel(['#incidents'], { id: 'C1', name: 'incidents-old' })).toBe(false);
  });

  it('allows a prefix', () => {
    expect(isAllowedChannel(['#inc-*'], { id: 'C1', name: 'inc-2026-11-22' })).toBe(true);
    expect(isAllowedChannel(['#inc-*'], { id: 'C1', name: 'random' })).toBe(false);
  });

  it('does not take an id for a name, nor a name for an id', () => {
    expect(isAllowedChannel(['#inc-*'], { id: 'inc-1' })).toBe(false);
    expect(isAllowedChannel(['C1'], { id: 'C2', name: 'C1' })).toBe(false);
  });

  it('allows nothing when nothing is listed, or the name is not known', () => {
    expect(isAllowedChannel([], { id: 'C1', name: 'inc-1' })).toBe(false);
    expect(isAllowedChannel(['#inc-*'], { id: 'C1' })).toBe(false);
  });
});
