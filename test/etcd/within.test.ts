import { describe, expect, it } from 'vitest';
import { inWords, within } from '../../src/etcd/within.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { fakeClock } from '../fakes/clock.ts';

const never = new Promise<never>(() => undefined);

describe('within', () => {
  it('gives what the work gives in time, and lets go of its timer', async () => {
    expect(await within(systemClock, 60_000, Promise.resolve('done'), () => 'late')).toBe('done');
  });

  it('gives the other thing when time runs out', async () => {
    expect(await within(fakeClock(), 2_000, never, () => 'late')).toBe('late');
  });

  it('lets a failure through', async () => {
    await expect(within(systemClock, 60_000, Promise.reject(new Error('no')), () => 'late')).rejects.toThrow('no');
  });

  it('says a limit in words', () => {
    expect([inWords(2_000), inWords(500)]).toEqual(['2 s', '500 ms']);
  });
});
