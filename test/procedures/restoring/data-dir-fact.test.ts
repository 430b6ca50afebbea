/** The fact of an approval that an undo reads back. */
import { describe, expect, it } from 'vitest';
import type { DirFacts } from '../../../src/host/host.ts';
import { MemberName } from '../../../src/ids.ts';
import { dataDirFact, dataDirFacts, isSameDirectory } from '../../../src/procedures/restoring/data-dir-fact.ts';

const host = { member: MemberName.parse('etcd01.prod') };
const dir = (identity: string): DirFacts => ({
  exists: true,
  path: '/data/etcd/data',
  owner: 'etcd',
  group: 'etcd',
  mode: '700',
  sizeBytes: 1,
  identity,
  empty: false,
});
const none: DirFacts = { exists: false, path: '/data/etcd/data' };

describe('dataDirFacts', () => {
  it.each([
    [dir('8:1'), dir('8:2'), { present: '8:1', replacement: '8:2' }],
    [none, dir('8:2'), { present: undefined, replacement: '8:2' }],
    [dir('8:1'), none, { present: '8:1', replacement: undefined }],
  ])('reads back what dataDirFact wrote', (present, replacement, expected) => {
    const facts = Object.fromEntries([dataDirFact(host, present, replacement)]);

    expect(dataDirFacts({ snapshot: 'x is 8:1; its replacement is 8:2', ...facts })).toEqual([{ member: 'etcd01.prod', ...expected }]);
  });

  it('reads the form that stands in the journals of before', () => {
    const facts = { 'data-dir on etcd01': '/data/etcd/data is 64769:131; its replacement is 64769:155', 'members answering': 'none' };

    expect(dataDirFacts(facts)).toEqual([{ member: 'etcd01', present: '64769:131', replacement: '64769:155' }]);
  });

  it('takes nothing else for such a fact', () => {
    expect(dataDirFacts({ 'data-dir on etcd01': '/data/etcd/data is 8:1; an empty one takes its place', 'data-dir on ': '' })).toEqual([]);
  });
});

describe('isSameDirectory', () => {
  it('goes by the inode', () => {
    expect(isSameDirectory('8:12', '9:12')).toBe(true);
    expect(isSameDirectory('8:12', '8:112')).toBe(false);
  });
});
