import { describe, expect, it } from 'vitest';
import { consistentIndex, inspectBackup, newestSnapshot } from '../../src/host/v2-inspect.ts';
import { runPaths } from '../../src/host/paths.ts';
import { RunId } from '../../src/ids.ts';
import { fakeShell } from './fake-shell.ts';

const dataDir = '/data/etcd/data';
const paths = runPaths(dataDir, RunId.parse('v2-backup-prod-7f3a9c'));
const owner = { user: 'etcd', group: 'etcd' };
/** As od prints it: lines of sixteen bytes, with blanks. */
const dumped = (index: bigint) =>
  Buffer.concat([
    Buffer.alloc(21),
    Buffer.from('consistent_index'),
    Buffer.from(index.toString(16).padStart(16, '0'), 'hex'),
    Buffer.alloc(9),
  ])
    .toString('hex')
    .replaceAll(/(..)/g, ' $1')
    .replaceAll(/(.{48})/g, '$1\n');

function host({ revision = 0, totalKey = 1, there = true, files = ['wal/0.wal', 'snap/db'] } = {}) {
  return fakeShell((line) => {
    if (line.includes('-maxdepth')) {
      const row = (path: string) => `${path}\td\tetcd\tetcd\t700\t8\t1\t4096\0`;
      return row('/data/etcd') + (there ? row(paths.restored) : '');
    }
    if (line.includes('snapshot status')) return JSON.stringify({ hash: 1, revision, totalKey, totalSize: 24_576 });
    if (line.includes('-type f')) return files.map((file) => `${file}\t100\0`).join('');
    return line.includes(' od ') ? dumped(11n) : '';
  });
}

const inspect = (shell: ReturnType<typeof host>, program: 'etcdctl' | 'etcdutl' = 'etcdctl') =>
  inspectBackup({ shell, dataDir, paths, tool: { program }, owner });

describe('v2-inspect', () => {
  it('reads how far the log counts, across the lines that od breaks it into', () => {
    expect(consistentIndex(dumped(11n))).toBe(11n);
    expect(consistentIndex(dumped(0xffff_ffff_ffff_ffffn))).toBe(0xffff_ffff_ffff_ffffn);
    expect(consistentIndex('00 11')).toBeUndefined();
  });

  it('takes the newest snapshot by the index in its name', () => {
    const paths = ['snap/db', 'snap/0000000000000002-0000000000000017.snap', 'snap/0000000000000003-000000000000002d.snap', 'snap/x.snap'];

    expect(newestSnapshot(paths)).toBe(45n);
    expect(newestSnapshot(['snap/db'])).toBe(0n);
  });

  it('gives what the host says, and nothing where there is none', async () => {
    expect(await inspect(host({ files: ['wal/0.wal', 'snap/db', 'snap/0000000000000002-0000000000000009.snap'] }))).toEqual({
      walFiles: 1,
      bytes: 300,
      snapshotIndex: 9n,
      commitIndex: 11n,
      v3: { held: false, revision: 0n, totalKeys: 1 },
    });
    expect(await inspect(host({ there: false }))).toBeUndefined();
  });

  it.each([
    ['a revision', { revision: 4, totalKey: 8 }, 'etcdctl', true],
    ['more entries than a backup of 3.4 has', { totalKey: 2 }, 'etcdctl', true],
    ['the entries that one of 3.5 has', { totalKey: 3 }, 'etcdutl', false],
    ['more than those', { totalKey: 4 }, 'etcdutl', true],
  ] as const)('tells data of API 3 by %s', async (_what, said, program, held) => {
    const facts = await inspect(host(said), program);

    expect(facts?.v3.held).toBe(held);
    expect(facts?.commitIndex).toBe(held ? undefined : 11n);
  });

  it('refuses a directory without a WAL', async () => {
    await expect(inspect(host({ files: ['snap/db'] }))).rejects.toMatchObject({ code: 'HOST_OUTPUT_UNKNOWN' });
  });
});
