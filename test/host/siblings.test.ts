/** The look at the data-dir and what lies beside it, by a real find. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, listSiblings, parseSiblings } from '../../src/host/siblings.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'etcd-medic-siblings-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

function lookAt(dataDir: string) {
  const [file = '', ...args] = listSiblings(dataDir).argv;
  return parseSiblings('etcd01', dataDir, { stdout: execFileSync(file, args, { encoding: 'utf8' }), stderr: '' });
}

describe('listSiblings', () => {
  it('sees the data-dir, what begins with its name, and which of them are empty', () => {
    mkdirSync(join(parent, 'data/member'), { recursive: true, mode: 0o700 });
    mkdirSync(join(parent, 'data.restore-prod-7f3a9c.new'), { mode: 0o700 });
    writeFileSync(join(parent, 'data.restore-prod-7f3a9c.snapshot'), 'x'.repeat(100), { mode: 0o600 });
    mkdirSync(join(parent, 'other'));

    const siblings = lookAt(join(parent, 'data'));

    expect(siblings.at(join(parent, 'data'))).toMatchObject({ type: 'd', empty: false, mode: '700' });
    expect(siblings.at(join(parent, 'data.restore-prod-7f3a9c.new'))).toMatchObject({ type: 'd', empty: true });
    expect(siblings.at(join(parent, 'data.restore-prod-7f3a9c.snapshot'))).toMatchObject({
      type: 'f',
      empty: false,
      mode: '600',
      sizeBytes: 100,
    });
    expect(siblings.at(join(parent, 'data.restore-prod-7f3a9c.old'))).toBeUndefined();
    expect(siblings.at(join(parent, 'other'))).toBeUndefined();
  });

  it('sees a link as a link', () => {
    mkdirSync(join(parent, 'real'));
    symlinkSync('real', join(parent, 'data'));

    expect(lookAt(join(parent, 'data')).at(join(parent, 'data'))).toMatchObject({ type: 'l' });
  });

  it('tells a directory by its identity under any name', () => {
    mkdirSync(join(parent, 'data'));
    const before = lookAt(join(parent, 'data')).at(join(parent, 'data'));
    execFileSync('mv', ['-nT', join(parent, 'data'), join(parent, 'data.old')]);

    const after = lookAt(join(parent, 'data')).at(join(parent, 'data.old'));

    expect(before && identityOf(before)).toBe(after && identityOf(after));
  });
});

describe('parseSiblings', () => {
  it('says what find said when there is no such parent', () => {
    expect(() =>
      parseSiblings('etcd01', '/data/etcd/data', { stdout: '', stderr: 'find: ‘/data/etcd’: No such file or directory' }),
    ).toThrow(expect.objectContaining({ code: 'HOST_OUTPUT_UNKNOWN', message: expect.stringContaining('No such file') as string }));
  });
});
