import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unprivileged } from './unprivileged.ts';
import { lookAtPlain, openPlain, readSmallFile } from '../../src/files/plain-file.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-medic-plain-'));
  writeFileSync(at('file'), 'content', { mode: 0o640 });
  symlinkSync(at('file'), at('link'));
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync(at('pipe'), at('link-to-pipe'));
  mkdirSync(at('directory'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is no file, and how that is said. */
const odd = [
  ['pipe', 'is a pipe and not a file'],
  ['directory', 'is a directory and not a file'],
  ['/dev/zero', 'is a device and not a file'],
  ['missing', 'does not exist'],
] as const;

describe('readSmallFile', () => {
  it('gives the content and the mode', () => {
    const reading = readSmallFile(at('file'), 'refused');

    expect(reading.ok && { text: String(reading.content), mode: reading.mode & 0o777 }).toEqual({ text: 'content', mode: 0o640 });
  });

  it.each(odd)('does not wait for %s and says that it %s', (name, because) => {
    expect(readSmallFile(name.startsWith('/') ? name : at(name), 'followed')).toMatchObject({ ok: false, because });
  });

  it('follows a link where links are how secrets are mounted, and nowhere else', () => {
    expect(readSmallFile(at('link'), 'followed')).toMatchObject({ ok: true });
    expect(readSmallFile(at('link'), 'refused')).toMatchObject({ ok: false, because: 'is a symbolic link and not a file' });
    expect(readSmallFile(at('link-to-pipe'), 'followed')).toMatchObject({ ok: false, because: 'is a pipe and not a file' });
  });

  it('does not read what is larger than such a file ever is, nor what has no size and never ends', () => {
    writeFileSync(at('grown'), 'x'.repeat(100));

    expect(readSmallFile(at('grown'), 'refused', 99)).toMatchObject({ ok: false, code: 'EFBIG' });
    expect(readSmallFile('/proc/self/environ', 'refused', 1)).toMatchObject({ ok: false, code: 'EFBIG' });
    expect(readSmallFile(at('grown'), 'refused', 100)).toMatchObject({ ok: true });
  });

  it('says that it may not be read', async () => {
    writeFileSync(at('closed'), '');
    chmodSync(at('closed'), 0);

    const read = await unprivileged([at('.'), at('closed')], () => readSmallFile(at('closed'), 'refused'));

    expect(read).toMatchObject({ because: 'cannot be read by this user (EACCES)' });
  });
});

describe('openPlain', () => {
  it.each([...odd.slice(0, 3), ['link', 'is a symbolic link and not a file'] as const])(
    'does not wait for %s: it %s',
    async (name, because) => {
      await expect(openPlain(name.startsWith('/') ? name : at(name))).rejects.toMatchObject({ because });
    },
  );

  it('opens a file', async () => {
    await using file = await openPlain(at('file'));

    expect(await file.readFile('utf8')).toBe('content');
  });
});

describe('lookAtPlain', () => {
  it('gives the size of a file, and says of everything else what it is', async () => {
    appendFileSync(at('sized'), '12345');

    expect(await lookAtPlain(at('sized'))).toMatchObject({ ok: true, bytes: 5 });
    expect(await lookAtPlain(at('link'))).toMatchObject({ ok: false, because: 'is a symbolic link and not a file' });
    expect(await lookAtPlain(at('missing'))).toMatchObject({ ok: false, code: 'ENOENT' });
  });
});
