/** The page of attacks: what is counted, and that a test that failed is not hidden. */
import { expect, it } from 'vitest';
import type { Row } from './rows.ts';
import { pageOf } from './table.ts';

const row = (over: Partial<Row> = {}): Row => ({
  who: 'key',
  file: 'key.lab.test.ts',
  tried: 'a | b',
  happened: 'refused',
  held: true,
  on: 'Debian 12',
  ...over,
});

it('counts what came to nothing and what did not, by who attacks', () => {
  const page = pageOf([row(), row({ who: 'etcd', held: false, happened: 'root wrote it', on: '' })], []);

  expect(page).toContain('**2 attacks, 1 came to nothing, 1 did not.** On Debian 12.');
  expect(page).toContain(String.raw`| a \| b | refused |`);
  expect(page).toContain('**failed**: root wrote it');
});

it('counts the requests at random without the channels', () => {
  const count = { file: 'fuzz.lab.test.ts', of: '' };

  expect(
    pageOf(
      [row()],
      [
        { ...count, outcome: 'answered', times: 3 },
        { ...count, outcome: 'channels', times: 2 },
      ],
    ),
  ).toContain('3 requests on 2 channels');
});
