/** What the runbooks have a person type is what the program on the host would do there. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGround } from './hand-run.ts';
import type { Ground } from './hand-run.ts';
import { pagesAsPlanned } from './runbook-plans.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await createGround({ name: 'hand-pages', etcd: '3.4', members: 1 });
});
afterAll(() => ground?.down());

it('has every marked block of docs/runbooks as the hosts plan it (test/e2e/write-runbooks.ts writes them)', async () => {
  const wanted = await pagesAsPlanned(ground);

  expect(Object.fromEntries(Object.keys(wanted).map((page) => [page, readFileSync(page, 'utf8')]))).toEqual(wanted);
});
