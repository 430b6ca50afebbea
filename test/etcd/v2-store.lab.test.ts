/** API 2 of a real cluster: written, read, compared, refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { labEtcd, memberNames } from './lab-etcd.ts';

const upWithinMs = 300_000;
const [etcd01, etcd02, etcd03] = memberNames;

describe('API 2 on etcd 3.4', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'v2-store', etcd: '3.4', members: 3 });
  }, upWithinMs);
  afterAll(() => lab?.down());
  beforeEach(() => lab.resetCluster());

  it('writes what etcdctl reads, and reads what etcdctl wrote', async () => {
    const { v2, recorded } = labEtcd(lab);

    await v2.put('/name/1', 'täst & =%+\n');
    await lab.etcdctl(['set', '/name/2', 'two'], { api: 2 });

    expect((await lab.etcdctl(['get', '--quorum', '/name/1'], { api: 2 })).stdout).toBe('täst & =%+\n');
    expect(await v2.get('/name/1')).toMatchObject({ type: 'value', value: 'täst & =%+\n' });
    expect(await v2.get('/name/2')).toMatchObject({ type: 'value', value: 'two' });
    expect(await v2.get('/none')).toBeUndefined();
    expect(recorded.map(({ argv, exitCode }) => [argv.slice(0, 3).join(' '), argv.at(-3), exitCode])).toEqual([
      ['env ETCDCTL_API=2 etcdctl', '--', 0],
    ]);
  });

  it('takes a key with a blank, a question mark and a percent sign for what it is', async () => {
    const { v2 } = labEtcd(lab);

    await v2.put('/a b/100%?x=1#y', 'odd');

    expect(await v2.get('/a b/100%?x=1#y')).toMatchObject({ value: 'odd' });
    expect(await v2.get('/a b')).toEqual({ type: 'directory', entries: ['/a b/100%?x=1#y'] });
  });

  it('lists a directory in the order of its keys, which etcd does only when it is asked to', async () => {
    const { v2 } = labEtcd(lab);
    const keys = ['/name/a', '/name/b', '/name/c', '/name/d', '/name/e', '/name/f', '/name/g', '/name/h'];

    for (const key of keys.toReversed()) await v2.put(key, 'test');

    expect(await v2.get('/name')).toEqual({ type: 'directory', entries: keys });
  });

  it('says that a directory is no key', async () => {
    const { v2 } = labEtcd(lab);
    await v2.put('/name/1', 'test');

    await expect(v2.put('/name', 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('Not a file') });
  });

  it('compares what each member holds', async () => {
    const { v2 } = labEtcd(lab);
    await v2.put('/name/1', 'test');
    await v2.put('/_hidden', 'x');
    await v2.settle();
    await lab.waitHealthy();

    const [one, two, three] = await Promise.all([v2.contents(etcd01), v2.contents(etcd02), v2.contents(etcd03)]);
    await v2.put('/name/1', 'changed');
    await lab.waitHealthy();
    const changed = await v2.contents(etcd01);

    expect(one.keys).toBe(1);
    expect([two.digest, three.digest]).toEqual([one.digest, one.digest]);
    expect(changed.digest).not.toBe(one.digest);
  });

  it('says that there is no quorum, within the time of a look', async () => {
    const { v2 } = labEtcd(lab);
    await Promise.all(['etcd02', 'etcd03'].map((host) => lab.host(host).exec(['systemctl', 'stop', 'etcd'])));

    await expect(v2.put('/name/1', 'test')).rejects.toMatchObject({
      code: expect.stringMatching(/ETCD_(NO_QUORUM|REQUEST_FAILED|UNREACHABLE)/),
    });
    await expect(v2.contents(etcd01)).resolves.toMatchObject({ keys: 0 });
  });

  it('says that API 2 has users of its own when it refuses', async () => {
    await lab.etcdctl(['user', 'add', 'root:pass'], { api: 2 });
    await lab.etcdctl(['auth', 'enable'], { api: 2 });
    await lab.etcdctl(['role', 'revoke', 'guest', '--path', '/*', '--rw'], { api: 2, reject: false });
    await lab.waitHealthy();
    const { v2 } = labEtcd(lab, { tls: { ca: lab.pki.ca, ...lab.pki.plain } });

    await expect(v2.put('/name/1', 'test')).rejects.toMatchObject({
      code: 'ETCD_AUTH_FAILED',
      message: expect.stringContaining('users and roles of its own'),
    });
  });

  it('names the certificate that is wrong', async () => {
    const { v2 } = labEtcd(lab, { tls: lab.pki.otherCa });

    await expect(v2.get('/name/1')).rejects.toMatchObject({ code: 'ETCD_TLS_FAILED' });
    await expect(v2.contents(etcd01)).rejects.toMatchObject({ code: 'ETCD_TLS_FAILED' });
  });
});

describe('API 2 on etcd 3.5, where it is off by default', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'v2-store-35', etcd: '3.5', members: 1 });
  }, upWithinMs);
  afterAll(() => lab?.down());

  it('says what this version can and cannot do', async () => {
    const { v2 } = labEtcd(lab);

    await expect(v2.get('/name/1')).rejects.toMatchObject({
      code: 'ETCD_API_NOT_SERVED',
      message: expect.stringMatching(/etcd 3\.5\.16 serves API 2 only when it is started with --enable-v2 .*etcdutl backup/),
    });
  });
});
