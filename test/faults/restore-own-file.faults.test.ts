/** A restore from a bare snap/db that a person took off a host, on etcd 3.4 and 3.5. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

describe.each(['3.4', '3.5'] as const)('restore of a copied snap/db on etcd %s', (etcd) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: `own-${etcd.replace('.', '')}`, etcd });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('restores it with --skip-hash-check, and says on the card and in the thread what that means', async () => {
    const { lab } = stage;
    await lab.etcdctl(['put', '/name/1', 'test']);
    for (const host of ['etcd01', 'etcd02', 'etcd03']) await lab.host(host).fault('stop-etcd');
    const { stdout } = await lab.host('etcd01').exec(['base64', '-w0', '/data/etcd/data/member/snap/db']);
    const directory = join(stage.directory, 'backups', 'demo');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(join(directory, 'etcd01.db'), Buffer.from(stdout, 'base64'), { mode: 0o600 });
    for (const host of lab.hosts) await host.fault('lose-data');
    await say(stage, 'backups demo');
    await stage.slack.message(channels.incident, ({ text, blocks }) =>
      `${text} ${JSON.stringify(blocks)}`.includes('restore demo --snapshot file:etcd01.db'),
    );

    const run = await startRun(stage, 'restore demo --snapshot file:etcd01.db');
    const gate = await waitForGate(stage, run, 'replace-data');
    await clickCard(stage, gate, 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
    const view = await waitForEnd(stage, run);

    expect(gate.reason).toContain('--skip-hash-check');
    expect(gate.facts['snapshot']).toContain('restored with --skip-hash-check');
    expect(view.steps.find(({ id }) => id === 'choose-snapshot')?.note).toContain('write-ahead log');
    expect(view.outcome).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('test');
    const commands = (await stage.runs.journal(run)).flatMap((entry) =>
      entry.type === 'command' && entry.command.changes && entry.command.argv.includes('restore') ? [entry.command.argv] : [],
    );
    expect(commands).toHaveLength(3);
    for (const argv of commands) expect(argv).toContain('--skip-hash-check');
  });
});
