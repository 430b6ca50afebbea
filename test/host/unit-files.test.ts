/** Which files make up a unit, and in which order. */
import { describe, expect, it } from 'vitest';
import { ownUnitFile, parseUnitFiles, setAsideUnitFile } from '../../src/host/unit-files.ts';

const printed = (files: Record<string, string>) =>
  Object.entries(files)
    .flatMap(([path, text]) => text.split('\n').map((line) => `${path}\0${line}\n`))
    .join('');
const own = ownUnitFile('etcd');
const aside = setAsideUnitFile('etcd');

describe('parseUnitFiles', () => {
  it('takes the administrator’s file before the package’s', () => {
    expect(parseUnitFiles('etcd', printed({ '/lib/systemd/system/etcd.service': 'packaged', [own]: 'own' }))).toEqual([
      { path: own, text: 'own' },
    ]);
  });

  it('finds the file behind a mask: a masked one prints nothing', () => {
    expect(parseUnitFiles('etcd', printed({ '/usr/lib/systemd/system/etcd.service': 'packaged' }))).toEqual([
      { path: '/usr/lib/systemd/system/etcd.service', text: 'packaged' },
    ]);
    expect(parseUnitFiles('etcd', printed({ [aside]: 'own', '/lib/systemd/system/etcd.service': 'packaged' }))).toEqual([
      { path: aside, text: 'own' },
    ]);
  });

  it('does not take a copy that was left aside for the file that stands', () => {
    expect(parseUnitFiles('etcd', printed({ [aside]: 'old', [own]: 'new' }))).toEqual([{ path: own, text: 'new' }]);
  });

  it('orders drop-ins by name, and lets /etc replace one of the same name in /usr', () => {
    const files = parseUnitFiles(
      'etcd',
      printed({
        '/usr/lib/systemd/system/etcd.service': 'unit',
        '/etc/systemd/system/etcd.service.d/20-b.conf': 'b from etc',
        '/usr/lib/systemd/system/etcd.service.d/20-b.conf': 'b from usr',
        '/run/systemd/system/etcd.service.d/10-a.conf': 'a',
        '/etc/systemd/system/etcd.service.d/20-b.conf.bak': 'no drop-in',
      }),
    );

    expect(files.map(({ text }) => text)).toEqual(['unit', 'a', 'b from etc']);
  });
});
