import { describe, expect, it } from 'vitest';
import { put } from '../../../src/procedures/put.ts';
import { v2KeyMistake } from '../../../src/procedures/v2/v2-key.ts';

describe('v2-key', () => {
  it.each([
    ['name/1', 'begins with /'],
    ['/', 'is a directory'],
    ['/name/', 'does not end with /'],
    ['/name//1', 'no empty part'],
    ['/name/../1', 'no part . or ..'],
    ['/name/.', 'no part . or ..'],
  ])('refuses %s', (key, because) => {
    expect(v2KeyMistake(key)).toContain(because);
  });

  it.each(['/name/1', '/a b/100%?x#y', '/..name', '/name/1..'])('takes %s', (key) => {
    expect(v2KeyMistake(key)).toBeUndefined();
  });

  it('is asked for by --v2 alone: API 3 takes any key', () => {
    expect(put.input.safeParse({ key: 'name', value: 'x' }).success).toBe(true);
    expect(put.input.safeParse({ key: 'name', value: 'x', v2: true }).error?.issues[0]).toMatchObject({
      path: ['key'],
      message: expect.stringContaining('begins with /'),
    });
  });
});
