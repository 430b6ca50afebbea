/** What is judged of a cluster as a whole: votes, alarms, versions, whose data lies where, the bot's own certificate, backups. */
import { describe, expect, it } from 'vitest';
import { backupChecks } from '../../src/checkup/backups.ts';
import { identityChecks } from '../../src/checkup/bot-identity.ts';
import { clusterChecks } from '../../src/checkup/cluster.ts';
import { fails, holds } from '../../src/engine/finding.ts';
import { ClusterId, MemberId } from '../../src/ids.ts';
import { withSlow, withStatus } from '../fakes/looks.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { ClusterLook } from '../../src/etcd/etcd.ts';

const now = new Date('2026-11-22T03:00:00Z');
const day = 86_400_000;

describe('a cluster', () => {
  const alarm = (type: 'NOSPACE' | 'CORRUPT') => (look: ClusterLook) => ({ ...look, alarms: [{ memberId: MemberId.parse('a1'), type }] });

  it.each<readonly [string, string, (look: ClusterLook) => ClusterLook, readonly string[], RegExp]>([
    ['that is well', 'quorum', (look) => look, ['good'], /./],
    [
      'of which one does not answer',
      'etcd',
      (look) => withSlow(look, 'etcd03'),
      ['good', 'good', 'wrong'],
      /no answer within 2 s.*through to it\. `status prod`/,
    ],
    [
      'at the edge of its quorum',
      'quorum',
      (look) => ({ ...look, quorum: { ...look.quorum, mayFail: 0 } }),
      ['worth a look'],
      /`status prod`/,
    ],
    ['without quorum', 'quorum', (look) => ({ ...look, quorum: { ...look.quorum, holds: false } }), ['wrong'], /`status prod`/],
    ['that is full', 'alarms', alarm('NOSPACE'), ['wrong'], /`recover-space prod`/],
    ['with a corrupt member', 'alarms', alarm('CORRUPT'), ['wrong'], /`status prod`/],
    ['that says no alarms', 'alarms', (look) => ({ ...look, alarms: undefined }), ['not looked at'], /No member/],
    ['of an old version', 'version', (look) => look, ['worth a look'], /end-of-life/],
    [
      'of a version that is not known',
      'version',
      (look) => withStatus(look, () => ({ version: '3.7.0' })),
      ['wrong'],
      /not known to etcd-medic/,
    ],
    [
      'of two versions',
      'version',
      (look) => withStatus(look, (_, member) => ({ version: member === 'etcd01' ? '3.5.16' : '3.5.17' })),
      ['worth a look', 'good', 'good'],
      /3\.5\.16 and 3\.5\.17/,
    ],
    ['of one id', 'cluster id', (look) => look, ['good'], /one cluster/],
    [
      'of which one is another cluster',
      'cluster id',
      (look) => withStatus(look, (status, member) => (member === 'etcd02' ? { clusterId: ClusterId.parse('beef') } : status)),
      ['wrong'],
      /etcd02 is of cluster 0+beef/,
    ],
  ])('%s', async (_, id, change, grades, text) => {
    const { cluster, etcd } = fakeWorld();

    const checks = clusterChecks('prod', cluster.members, change(await etcd.look()), []).filter((check) => check.id === id);

    expect(checks.map(({ grade }) => grade)).toEqual(grades);
    expect(checks.map(({ sentence, cure = '' }) => `${sentence} ${cure}`).join('\n')).toMatch(text);
  });

  it('has stopped members whose WAL is of another cluster', async () => {
    const { cluster, etcd } = fakeWorld();
    const look = await etcd.look();

    const checks = clusterChecks('prod', cluster.members, look, [{ member: 'etcd03', cluster: 'beef' }]);

    expect(checks.filter(({ id }) => id === 'cluster id')).toMatchObject([
      { grade: 'wrong', sentence: expect.stringContaining('The data on etcd03'), cure: expect.stringContaining('Do not start it') },
    ]);
  });
});

describe('how the bot shows itself', () => {
  const certificate = { commonName: 'root', notAfter: new Date(now.getTime() + 90 * day), file: '/r.pem' };
  const rights = (may: boolean | undefined) => [{ member: 'etcd01', may }];

  it.each<readonly [string, Parameters<typeof identityChecks>[0], Parameters<typeof identityChecks>[1], Readonly<Record<string, string>>]>([
    [
      'with the root role',
      { certificate, user: undefined },
      { authEnabled: true, rights: rights(true) },
      { 'client certificate': 'good', auth: 'good', rights: 'good' },
    ],
    [
      'without it',
      { certificate: { ...certificate, commonName: 'ops' }, user: undefined },
      { authEnabled: true, rights: rights(false) },
      { auth: 'good', rights: 'wrong' },
    ],
    ['with a password alone', { certificate: undefined, user: 'root' }, { authEnabled: true, rights: rights(true) }, { auth: 'wrong' }],
    [
      'to a cluster without authentication',
      { certificate: { ...certificate, commonName: 'ops' }, user: undefined },
      { authEnabled: false, rights: rights(true) },
      { auth: 'good', rights: 'worth a look' },
    ],
    [
      'to a cluster that does not answer',
      { certificate, user: undefined },
      { authEnabled: undefined, rights: rights(undefined) },
      { auth: 'not looked at', rights: 'not looked at' },
    ],
    [
      'with a certificate that ends soon',
      { certificate: { ...certificate, notAfter: new Date(now.getTime() + 3 * day) }, user: undefined },
      { authEnabled: true, rights: rights(true) },
      { 'client certificate': 'worth a look' },
    ],
    [
      'with one that has expired',
      { certificate: { ...certificate, notAfter: now }, user: undefined },
      { authEnabled: true, rights: rights(undefined) },
      { 'client certificate': 'wrong' },
    ],
  ])('%s', (_, identity, seen, expected) => {
    const checks = identityChecks(identity, seen, now);

    expect(Object.fromEntries(checks.map(({ id, grade }) => [id, grade]))).toMatchObject(expected);
  });
});

describe('backups', () => {
  const disk = { directory: '/b', freeBytes: 10_000_000, reserveBytes: 0 };
  it.each<readonly [string, { ageMs?: number; proof?: ReturnType<typeof fails>; freeBytes?: number }, readonly string[], RegExp]>([
    ['that are there', { ageMs: 3_600_000 }, ['good', 'good'], /60 minutes old and whole/],
    ['of yesterday', { ageMs: 25 * 3_600_000 }, ['worth a look', 'good'], /25 hours old.*`backup prod`/],
    ['that are none', {}, ['wrong', 'good'], /no backup/],
    [
      'that are not whole any more',
      { ageMs: 1, proof: fails('Its sha256 differs.') },
      ['wrong', 'good'],
      /cannot be put back: Its sha256 differs\./,
    ],
    ['without room for the next', { ageMs: 1, freeBytes: 10 }, ['good', 'wrong'], /10 bytes free/],
  ])('%s', async (_, { ageMs, proof = holds(), freeBytes = disk.freeBytes }, grades, text) => {
    const world = fakeWorld();
    const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
    if (data === undefined) throw new Error('no data');
    if (ageMs !== undefined) world.snapshots.keep(data, new Date(now.getTime() - ageMs));
    const [stored] = await world.snapshots.list();

    const checks = backupChecks(
      'prod',
      { newest: stored?.ok === true ? stored.record : undefined, proof, inDoubt: [], disk: { ...disk, freeBytes }, dbSizeBytes: 1_000_000 },
      now,
    );

    expect(checks.map(({ grade }) => grade)).toEqual(grades);
    expect(checks.map(({ sentence, cure = '' }) => `${sentence} ${cure}`).join('\n')).toMatch(text);
  });
});
