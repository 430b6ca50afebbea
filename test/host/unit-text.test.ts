/** Unit files and environment files, read as systemd reads them. */
import { describe, expect, it } from 'vitest';
import { assignments, directives, lastOf, listOf, words } from '../../src/host/unit-text.ts';

const read = (text: string) => directives([{ path: '/u', text }]);

describe('directives', () => {
  it('knows sections, comments and lines that go on', () => {
    expect(read('[Unit]\nDescription=x\n# User=no\n; User=no\n[Service]\nExecStart=/usr/bin/etcd \\\n  --name a\nUser = etcd\n')).toEqual([
      { path: '/u', section: 'Unit', key: 'Description', value: 'x' },
      { path: '/u', section: 'Service', key: 'ExecStart', value: '/usr/bin/etcd    --name a' },
      { path: '/u', section: 'Service', key: 'User', value: 'etcd' },
    ]);
  });
});

describe('lastOf and listOf', () => {
  it('let a later value win, and an empty one forget a list', () => {
    const all = read('[Service]\nUser=a\nUser=b\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\nEnvironment=C=3\n[Unit]\nUser=c\n');

    expect(lastOf(all, 'User')?.value).toBe('b');
    expect(listOf(all, 'Environment').map(({ value }) => value)).toEqual(['B=2', 'C=3']);
  });
});

describe('assignments', () => {
  it('takes quotes off, skips comments and keeps repeats in order', () => {
    expect(assignments('A=1\n  B="two words"\n#C=3\n;D=4\nA=\'5\'\nnonsense\nE=\n')).toEqual([
      ['A', '1'],
      ['B', 'two words'],
      ['A', '5'],
      ['E', ''],
    ]);
  });
});

describe('words', () => {
  it.each([
    ['/usr/bin/etcd --name a', ['/usr/bin/etcd', '--name', 'a']],
    [`"A=b c" 'D=e f' G=h`, ['A=b c', 'D=e f', 'G=h']],
    [`--x="a b"c`, ['--x=a bc']],
    ['', []],
    [String.raw`a\ b`, ['a b']],
  ])('splits %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });
});
