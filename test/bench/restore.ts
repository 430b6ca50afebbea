/** Measures a restore of three members with data of a given size, approved at once: the thread's own times. `node test/bench/restore.ts --megabytes 100` */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { RunView } from '../../src/engine/view.ts';
import { tableLines } from '../../src/terminal/text.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '100' }, etcd: { type: 'string', default: '3.4' } } });
const print = (line: string) => process.stdout.write(`${line}\n`);
/** Below etcd's own limit of a request, 1.5 MiB. */
const valueBytes = 1_000_000;

async function fill(stage: Stage, megabytes: number): Promise<void> {
  for (let number = 0; number < megabytes; number += 1) {
    // Text that does not compress, as base64 of random bytes.
    const input = randomBytes((valueBytes / 4) * 3).toString('base64');
    await stage.lab.etcdctl(['put', `/fill/${number}`], { input });
  }
}

function stepTable(view: RunView): string[] {
  const rows = view.steps.map(({ title, state, durationMs }) => [
    title,
    state,
    durationMs === undefined ? '' : `${(durationMs / 1000).toFixed(1)} s`,
  ]);
  return tableLines({
    columns: [
      { title: 'STEP', align: 'left' },
      { title: 'STATE', align: 'left' },
      { title: 'TOOK', align: 'right' },
    ],
    rows,
  });
}

/** From the first command that stops etcd to the canary that was read back. */
function downtimeMs({ steps }: RunView): number {
  const stopped = steps.find(({ id }) => id === 'replace-data')?.startedAt ?? '';
  const canary = steps.find(({ id }) => id === 'canary');
  return Date.parse(canary?.startedAt ?? '') + (canary?.durationMs ?? 0) - Date.parse(stopped);
}

async function main(): Promise<void> {
  const stage = await createStage({
    name: 'bench',
    etcd: values.etcd === '3.5' ? '3.5' : '3.4',
    say: (text) => print(`starting ${text} …`),
  });
  try {
    await stage.start();
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    print(`writing ${values.megabytes} MB …`);
    await fill(stage, Number(values.megabytes));
    const backup = await waitForEnd(stage, await startRun(stage, 'backup demo'), 600_000);
    print(`\n${backup.conclusion ?? ''}`);
    for (const line of stepTable(backup)) print(line);
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
    const askedAt = Date.now();
    const run = await startRun(stage, 'restore demo');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data', 600_000), 'approve', people.bob);
    const gate = await waitForGate(stage, run, 'delete-old-data', 600_000);
    const servedAt = Date.now();
    await clickCard(stage, gate, 'reject', people.bob);
    const restore = await waitForEnd(stage, run);
    print('');
    for (const line of stepTable(restore)) print(line);
    print(`\nfrom the command to the gate after the proof: ${((servedAt - askedAt) / 1000).toFixed(1)} s`);
    print(`downtime, from the first stop to the canary read back: ${(downtimeMs(restore) / 1000).toFixed(1)} s`);
    print(`/name/1 is ${await valueOf(stage, '/name/1')}`);
  } finally {
    await stage.down();
  }
}

await main();
