/** Copying a stopped member's database: refused while etcd runs, kept only when it came whole. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchDatabase } from '../../src/host/fetch-database.ts';
import { fakeShell } from './fake-shell.ts';

const content = 'the pages of a database';
const sha256 = createHash('sha256').update(content).digest('hex');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etcd-medic-fetch-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Machine {
  readonly states?: readonly string[];
  readonly pids?: string;
  readonly size?: string;
  readonly hash?: string;
}

/** A host whose unit is in the next of these states at every look. */
function machine({ states = ['inactive'], pids = '', size = String(content.length), hash = sha256 }: Machine = {}) {
  let looks = 0;
  return fakeShell((line) => {
    if (line.startsWith('systemctl show')) {
      const state = states[Math.min(looks, states.length - 1)];
      looks += 1;
      return `LoadState=loaded\nActiveState=${state}\nMainPID=0\nUnitFileState=enabled\nNeedDaemonReload=no\n`;
    }
    if (line.startsWith('grep')) return '/lib/systemd/system/etcd.service\0[Service]\n/lib/systemd/system/etcd.service\0User=etcd\n';
    if (line.startsWith('id ')) return 'etcd\n';
    if (line.includes('pgrep')) return { exitCode: pids === '' ? 1 : 0, stdout: pids };
    if (line.includes(' stat ')) return `${size}\n`;
    if (line.includes(' sha256sum ')) return `${hash}  x\n`;
    return content;
  });
}

const fetchInto = async (path: string, shell = machine()) =>
  fetchDatabase({ shell, unit: 'etcd', dataDir: '/data/etcd/data', clock: { now: () => new Date(0) } }, path, () => undefined);

describe('fetchDatabase', () => {
  it('makes the file, whole', async () => {
    const path = join(dir, 'db');

    expect(await fetchInto(path)).toEqual({ bytes: content.length, sha256 });
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it.each<[string, Machine, string]>([
    ['the unit is active', { states: ['active'] }, 'etcd is active: the copy would be torn'],
    ['the unit is about to start', { states: ['activating'] }, 'etcd is activating'],
    ['a process of that name runs beside it', { pids: '41\n' }, 'pid 41'],
    ['the unit was started meanwhile', { states: ['inactive', 'active'] }, 'etcd is active'],
    ['the file is another one afterwards', { hash: 'f'.repeat(64) }, 'something writes to it'],
    ['it was cut', { size: '99' }, 'it was cut'],
  ])('leaves no file when %s', async (_, state, because) => {
    const path = join(dir, 'db');

    await expect(fetchInto(path, machine(state))).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining(because) as string,
    });
    expect(existsSync(path)).toBe(false);
  });

  it('reads nothing of a member that runs', async () => {
    const shell = machine({ states: ['active'] });

    await expect(fetchInto(join(dir, 'db'), shell)).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
    expect(shell.lines.filter((line) => line.includes('member/snap/db'))).toEqual([]);
  });

  it('does not touch a file that is there already', async () => {
    const path = join(dir, 'db');
    writeFileSync(path, 'another');

    await expect(fetchInto(path)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(readFileSync(path, 'utf8')).toBe('another');
  });
});
