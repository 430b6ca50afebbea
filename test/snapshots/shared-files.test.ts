import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeMark, makeSigning, readMark, readSigning } from '../../src/snapshots/shared-files.ts';

async function directory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'etcd-medic-shared-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, 'backups');
}

describe('the key beside the backups', () => {
  it('is made once by workers that begin at the same moment, for nobody else to read', async () => {
    const at = await directory();

    const all = await Promise.all(Array.from({ length: 8 }, () => makeSigning(at)));

    const signature = all[0]?.sign('content') ?? '';
    expect(all.every((signing) => signing.knows('content', signature))).toBe(true);
    expect(await readdir(at)).toEqual(['.signing-key']);
    expect((await stat(join(at, '.signing-key'))).mode & 0o777).toBe(0o600);
    expect((await readSigning(at)).knows('content', signature)).toBe(true);
  });

  it('may be several, a line each: the first signs', async () => {
    const at = await directory();
    const old = await makeSigning(at);
    await writeFile(join(at, '.signing-key'), `${'aa'.repeat(32)}\n${await readFile(join(at, '.signing-key'), 'utf8')}`);

    const both = await makeSigning(at);

    expect(both.knows('content', old.sign('content'))).toBe(true);
    expect(old.knows('content', both.sign('content'))).toBe(false);
  });

  it.each<[string, (path: string) => unknown, string]>([
    ['that others can read', (path) => chmod(path, 0o644), 'can be read or written by others'],
    ['that is a pipe', (path) => execFileSync('mkfifo', [path]), 'is a pipe and not a file'],
    ['that is a link', (path) => symlink('/etc/hostname', path), 'is a symbolic link and not a file'],
    ['that is a directory', (path) => mkdir(path), 'is a directory and not a file'],
    ['that was cut', (path) => writeFile(path, 'abc'), 'must have 64 hexadecimal digits'],
    ['that is huge', (path) => writeFile(path, 'a'.repeat(10_000)), 'is larger than 4096 bytes'],
  ])('is not trusted when it is one %s, and is left as it is', async (_what, put, because) => {
    const at = await directory();
    const path = join(at, '.signing-key');
    await makeSigning(at);
    if (!because.startsWith('can be') && !because.startsWith('must')) await rm(path);
    await put(path);

    const signing = await makeSigning(at);

    expect(signing.problem).toContain(because);
    expect(() => signing.sign('content')).toThrow('it could not be signed');
  });
});

describe('the mark of the directory', () => {
  it('is the same for all who see the same directory, and another in another one', async () => {
    const [one, two] = [await directory(), await directory()];

    const [a, b, other] = await Promise.all([makeMark(one), makeMark(one), makeMark(two)]);

    expect(a).toEqual(b);
    expect(a.ok).toBe(true);
    expect(other).not.toEqual(a);
    expect(readMark(one)).toEqual(a);
  });

  it('is made by nobody who only looks', async () => {
    const at = await directory();

    expect(readMark(at)).toMatchObject({ ok: false, because: expect.stringContaining('does not exist') as string });
    expect((await readSigning(at)).problem).toContain('does not exist');
  });

  it('that was changed is none', async () => {
    const at = await directory();
    await makeMark(at);
    await writeFile(join(at, '.etcd-medic-id'), 'mine');

    expect(await makeMark(at)).toMatchObject({ ok: false, because: expect.stringContaining('holds no mark') as string });
  });
});
