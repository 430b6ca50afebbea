import { expect, it } from 'vitest';
import { inWords } from '../../src/etcd/in-words.ts';

it('says a limit in words', () => {
  expect([inWords(2_000), inWords(500)]).toEqual(['2 s', '500 ms']);
});
