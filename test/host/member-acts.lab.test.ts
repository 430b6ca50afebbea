/** What replacing, rescuing and restarting a member asks of a host, on real hosts. */
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../lab/wait.ts';
import { approve, aside, dataDir, silent, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const healthyWithinMs = 30_000;
const database = `${dataDir}/member/snap/db`;

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`member-acts-${etcd.replace('.', '')}`, etcd);

  it('may do all that each purpose needs', async () => {
    await h.host.preflight(['restore', 'replace-member', 'stop-and-start', 'fetch-database', 'undo']);

    expect(h.open.changes()).toEqual([]);
  });

  it('can be restored, but not rescued, where its owner does not allow that', async () => {
    const description = '/etc/etcd-medic/host.json';
    await h.sh(`cp -a ${description} /tmp/kept; sed -i 's/"fetch-database", *//; s/, *"fetch-database"//' ${description}`);
    try {
      await h.host.preflight(['restore', 'replace-member', 'stop-and-start']);

      const refused = { code: 'HOST_NOT_ALLOWED', message: expect.stringContaining('fetch-database') as string };
      await expect(h.host.preflight(['fetch-database'])).rejects.toMatchObject(refused);
      await h.host.do({ act: 'stop' });
      await expect(h.host.fetchDatabase(join(h.dir, 'refused.db'), silent)).rejects.toMatchObject(refused);
    } finally {
      await h.sh(`mv /tmp/kept ${description}`);
    }
  });

  it('stops etcd, twice with the same end, and restarts it as another process', async () => {
    const { mainPid } = await h.host.unit();
    const restarting = await h.planned({ act: 'restart' });

    await h.host.do({ act: 'restart' });
    await waitUntil(async () => ![0, mainPid].includes((await h.host.unit()).mainPid), {
      for: 'another process',
      withinMs: healthyWithinMs,
    });
    await h.lab.waitHealthy(healthyWithinMs);
    await h.host.do({ act: 'stop' });
    await h.host.do({ act: 'stop' });

    expect(await h.host.unit()).toMatchObject({ activeState: 'inactive', masked: false });
    expect(h.open.changes()).toEqual([...restarting, 'sudo systemctl stop etcd.service']);
  });

  it('says how much room there is', async () => {
    // It writes whenever it likes.
    await h.host.do({ act: 'stop' });

    expect(await h.host.freeBytes()).toBe((await h.host.preflight()).freeBytes);
  });

  it('says how much room there is where the data is, when that is a file system of its own', async () => {
    await h.sh(`systemctl stop etcd; mount -t tmpfs -o size=1M none ${dataDir}`);
    try {
      expect(await h.host.freeBytes()).toBe(1_048_576);
      await h.sh(`umount ${dataDir}; mv ${dataDir} /data/etcd/away`);

      expect(await h.host.freeBytes()).toBeGreaterThan(1_048_576);
    } finally {
      await h.sh(`mountpoint -q ${dataDir} && umount ${dataDir}; [ -e ${dataDir} ] || mv /data/etcd/away ${dataDir}; systemctl start etcd`);
      await h.lab.waitHealthy(healthyWithinMs);
    }
  });

  it('copies the database of a stopped member, byte for byte and for nobody else to read', async () => {
    await h.lab.etcdctl(['put', 'rescued', 'x'.repeat(100_000)]);
    await h.host.do({ act: 'stop' });
    const path = join(h.dir, `copy-${etcd}.db`);

    const copy = await h.host.fetchDatabase(path, silent);

    const content = await readFile(path);
    expect(copy).toEqual({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    expect(await h.sh(`sha256sum ${database}`)).toContain(copy.sha256);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(h.open.changes().filter((line) => !line.includes('stop'))).toEqual([]);
    await expect(h.host.fetchDatabase(path, silent)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect((await stat(path)).size).toBe(copy.bytes);
    await rm(path);
  });

  it('does not copy a database while etcd runs, nor one that is not there, and leaves no file', async () => {
    const path = join(h.dir, `none-${etcd}.db`);

    await expect(h.host.fetchDatabase(path, silent)).rejects.toMatchObject({
      message: expect.stringContaining('is not copied') as string,
    });
    await h.lab.host(h.host.member).fault('lose-data');
    await expect(h.host.fetchDatabase(path, silent)).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });

    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes a file that cannot be written for what it is, and ends the copy', async () => {
    await h.host.do({ act: 'stop' });

    await expect(h.host.fetchDatabase('/dev/full/x', silent)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('puts the data aside, twice with the same end, with exactly the commands of its plan, and etcd starts in the new directory', async () => {
    await h.sh('chown root:root /data/etcd');
    await h.destroy({ act: 'fence' });
    const before = h.open.changes().length;
    const plan = await h.planned({ act: 'put-aside' });

    await h.destroy({ act: 'put-aside' });
    await h.destroy({ act: 'put-aside' });

    expect(h.open.changes().slice(before)).toEqual(plan);
    expect(await h.host.dir('data')).toMatchObject({ exists: true, empty: true, owner: 'etcd', group: 'etcd', mode: '700' });
    expect(await h.host.dir(aside)).toMatchObject({ exists: true, empty: false });
    await expect(h.destroy({ act: 'delete-aside' })).rejects.toMatchObject({ message: expect.stringContaining('is empty') as string });
    await h.host.do({ act: 'unmask-start' });
    await h.lab.waitHealthy(healthyWithinMs);
    await expect(h.host.destroy({ act: 'put-aside' }, await approve([], []))).rejects.toMatchObject({ code: 'FENCE_FAILED' });
    await h.destroy({ act: 'delete-aside' });
    expect(await h.sh('ls /data/etcd')).toBe('data');
    await h.sh('chown etcd:etcd /data/etcd');
  });

  it('makes a data-dir where there is none and root owns the parent, so that etcd can start', async () => {
    await h.lab.host(h.host.member).fault('lose-data');
    await h.sh('chown root:root /data/etcd');
    const before = h.open.changes().length;
    const plan = await h.planned({ act: 'make-data-dir' });

    await h.host.do({ act: 'make-data-dir' });
    await h.host.do({ act: 'make-data-dir' });

    expect(h.open.changes().slice(before)).toEqual(plan);
    expect(await h.host.dir('data')).toMatchObject({ exists: true, empty: true, owner: 'etcd', mode: '700' });
    await h.sh('chown etcd:etcd /data/etcd');
    await h.lab.resetCluster();
  });

  it('makes a data-dir on a host that has none', async () => {
    await h.lab.host(h.host.member).fault('lose-data');
    await h.destroy({ act: 'fence' });
    expect((await h.host.preflight(['replace-member'])).dataDir).toEqual({ exists: false, path: dataDir });
    const before = h.open.changes().length;
    const plan = await h.planned({ act: 'put-aside' });

    await h.destroy({ act: 'put-aside' });
    await h.destroy({ act: 'put-aside' });

    expect(h.open.changes().slice(before)).toEqual(plan);
    expect(await h.host.dir('data')).toMatchObject({ exists: true, empty: true, owner: 'etcd', mode: '700' });
    expect(await h.host.dir(aside)).toMatchObject({ exists: true, empty: true });
  });
});

describe('what a host shows and reaches', () => {
  const h = useHost('shows', '3.4', { reset: false });

  it('shows its certificates with what they cover, and that key and CA fit', async () => {
    const found = await h.host.certificates();

    expect(found.map(({ use, file }) => [use, file])).toEqual([
      ['client', '/etc/etcd/pki/server.pem'],
      ['peer', '/etc/etcd/pki/server.pem'],
    ]);
    const [client] = found;
    expect(client?.subjectAltNames).toEqual(expect.arrayContaining([h.host.address, h.host.member]));
    expect(client).toMatchObject({ keyMatches: true, signedByCa: true });
    expect(client?.notAfter.getTime()).toBeGreaterThan(Date.now());
    expect(JSON.stringify(h.open.recorded)).not.toContain('PRIVATE');
  });

  it.each([
    [
      'a key of another certificate',
      'openssl genpkey -algorithm ed25519 -out /etc/etcd/pki/server.key',
      { keyMatches: false, signedByCa: true },
    ],
    ['a key that is not there', 'rm /etc/etcd/pki/server.key', { keyMatches: false, signedByCa: true }],
    [
      'another CA of the same name',
      'openssl req -x509 -newkey ed25519 -nodes -keyout /tmp/ca.key -subj "$(openssl x509 -in /etc/etcd/pki/ca.pem -noout -subject -nameopt compat | sed s/^subject=//)" -out /etc/etcd/pki/ca.pem 2>/dev/null',
      { keyMatches: true, signedByCa: false },
    ],
  ])('sees %s', async (_, script, expected) => {
    await h.sh(`cp -a /etc/etcd/pki /etc/etcd/pki.kept; ${script}; chown etcd:etcd /etc/etcd/pki/*`);
    try {
      for (const certificate of await h.host.certificates()) expect(certificate).toMatchObject(expected);
    } finally {
      await h.sh('rm -rf /etc/etcd/pki; mv /etc/etcd/pki.kept /etc/etcd/pki');
    }
  });

  it('reaches ports: open, refused, silent, and no way there', async () => {
    expect(await h.host.reach(h.host.address, 2380)).toBe('open');
    expect(await h.host.reach(h.host.member, 2381)).toBe('refused');
    // A host has no default route.
    expect(await h.host.reach('192.0.2.1', 2380)).toBe('unreachable');
    await h.sh('ip route add 192.0.2.0/24 dev lo');
    expect(await h.host.reach('192.0.2.1', 2380)).toBe('no-answer');
    await h.sh('ip route del 192.0.2.0/24 dev lo');
    expect(h.open.changes()).toEqual([]);
  });
});
