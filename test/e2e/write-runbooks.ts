/** Writes the marked blocks of docs/runbooks anew: `node test/e2e/write-runbooks.ts`, as root, because it makes a lab. */
import { writeFileSync } from 'node:fs';
import { createGround } from './hand-run.ts';
import { pagesAsPlanned } from './runbook-plans.ts';

const ground = await createGround({ name: 'hand-write', etcd: '3.4', members: 1 });
try {
  for (const [page, text] of Object.entries(await pagesAsPlanned(ground))) writeFileSync(page, text);
} finally {
  await ground.down();
}
