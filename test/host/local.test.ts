/** etcd's tool on the bot's machine, by programs made up in a directory. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshotStatus } from '../../src/host/local.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etcd-medic-local-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function program(name: string, script: string) {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const status = (revision: number) => `echo '{"hash":255,"revision":${revision},"totalKey":3,"totalSize":4}'`;

describe('snapshotStatus', () => {
  it('asks etcdutl before etcdctl', async () => {
    program('etcdutl', status(2));
    program('etcdctl', status(1));

    expect(await snapshotStatus('/x.db', { path: dir })).toEqual({ hash: 'ff', revision: 2n, totalKeys: 3, totalSizeBytes: 4 });
  });

  it('asks etcdctl where there is no etcdutl, with arguments that it knows', async () => {
    program('etcdctl', `[ "$*" = "snapshot status /x.db -w json" ] && ${status(1)}`);

    expect(await snapshotStatus('/x.db', { path: dir })).toMatchObject({ revision: 1n });
  });

  it('hides the bot’s own ETCDCTL_* variables from it', async () => {
    process.env['ETCDCTL_WRITE_OUT'] = 'table';
    program('etcdctl', `[ -z "$ETCDCTL_WRITE_OUT" ] && ${status(1)}`);

    expect(await snapshotStatus('/x.db', { path: dir })).toMatchObject({ revision: 1n });
    delete process.env['ETCDCTL_WRITE_OUT'];
  });

  it('says that a file is no snapshot, with what the tool said', async () => {
    program('etcdctl', 'echo "Error: invalid database" >&2; exit 1');

    await expect(snapshotStatus('/x.db', { path: dir })).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
      message: expect.stringContaining('invalid database') as string,
    });
  });

  it('names the Debian package when there is no tool', async () => {
    await expect(snapshotStatus('/x.db', { path: dir })).rejects.toMatchObject({
      code: 'HOST_TOOL_MISSING',
      hint: expect.stringContaining('etcd-client') as string,
    });
  });
});
