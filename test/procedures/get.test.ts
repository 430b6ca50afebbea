import { describe, expect, it } from 'vitest';
import { get } from '../../src/procedures/get.ts';
import { fakeWorld } from '../fakes/world.ts';

describe('get', () => {
  it('reads a key of API 3', async () => {
    expect(await get.answer({ key: '/name/1' }, fakeWorld())).toEqual({
      headline: '/name/1 is “test” (revision 7, version 1).',
      parts: [],
    });
  });

  it('reads a key of API 2, which is another store', async () => {
    const world = fakeWorld();
    await world.etcd.v2.put('/name/2', 'two');

    expect((await get.answer({ key: '/name/2', v2: true }, world)).headline).toBe('/name/2 is “two” (API 2, index 1).');
    expect((await get.answer({ key: '/name/1', v2: true }, world)).headline).toBe('demo has no key /name/1 of API 2.');
  });

  it('lists what is directly in a directory of API 2', async () => {
    const world = fakeWorld();
    world.etcd.v2.get = async () => ({ type: 'directory', entries: ['/name/1', '/name/2'] });

    expect(await get.answer({ key: '/name', v2: true }, world)).toEqual({
      headline: '/name is a directory of API 2, with 2 keys directly in it.',
      parts: [{ type: 'verbatim', text: '/name/1\n/name/2' }],
    });
  });
});
