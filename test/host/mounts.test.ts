/** Mount points, as the kernel lists them. */
import { describe, expect, it } from 'vitest';
import { isMountPoint } from '../../src/host/mounts.ts';

const mountInfo = [
  '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '36 22 254:0 /srv/etcd /data/etcd/data rw,relatime - ext4 /dev/vda rw',
  String.raw`37 22 0:30 / /mnt/with\040blank rw - tmpfs tmpfs rw`,
  '',
].join('\n');

describe('isMountPoint', () => {
  it.each([
    ['/data/etcd/data', true],
    ['/mnt/with blank', true],
    ['/', true],
    ['/data/etcd', false],
    ['/srv/etcd', false],
    ['', false],
  ])('says of %j: %s', (path, expected) => {
    expect(isMountPoint(path, mountInfo)).toBe(expected);
  });
});
