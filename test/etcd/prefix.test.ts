import { describe, expect, it } from 'vitest';
import { directoryOf } from '../../src/etcd/prefix.ts';

describe('prefix', () => {
  it.each([
    ['/registry/pods/default/web-0', '/registry/pods', true],
    ['/registry/pods/web-0', '/registry/pods', true],
    ['registry/pods/web-0', 'registry/pods', true],
    ['/config/a', '/config', false],
    ['fill/12', 'fill', false],
    ['/alone', '/', false],
    ['alone', '(no path)', false],
    ['', '(no path)', false],
  ])('counts %s under %s', (key, label, closed) => {
    expect(directoryOf(key)).toMatchObject({ label, closed });
  });

  it('knows the range that a directory stands in', () => {
    const { from, to } = directoryOf('/registry/pods/default/web-0');

    expect([from, to]).toEqual(['/registry/pods/', '/registry/pods0']);
    expect('/registry/pods/\xff' < String(to)).toBe(true);
  });

  it('shows bytes as the UTF-8 they are', () => {
    expect(directoryOf(Buffer.from('/straße/ä/x').toString('latin1')).label).toBe('/straße/ä');
  });
});
