import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import { labEtcd, memberNames, rawClient, settledWithinMs, timed } from './lab-etcd.ts';
import { describeOnEach } from '../lab/versions.ts';

const upWithinMs = 300_000;
const quorumLostWithinMs = 20_000;
/** Two seconds of looking and five for a request are promised; the machine may be busy. */
const boundedMs = 9_000;
const lookBoundedMs = 4_000;
const [etcd01] = memberNames;

describeOnEach('etcd %s', (version) => {
  let lab: Lab;
  let second: LabHost;
  let third: LabHost;
  beforeAll(async () => {
    lab = await createLab({ name: `etcd-${version.replace('.', '')}`, etcd: version, members: 3 });
    [, second, third] = lab.hosts as [LabHost, LabHost, LabHost];
  }, upWithinMs);
  afterAll(async () => await lab?.down());

  it('puts, gets and deletes, and records what changed as etcdctl', async () => {
    const etcd = labEtcd(lab);

    const { revision } = await etcd.put('greeting', 'hällo');

    expect(await etcd.get('greeting')).toEqual({ value: 'hällo', modRevision: revision, version: 1n });
    expect((await lab.etcdctl(['get', 'greeting', '--print-value-only'])).stdout).toBe('hällo');
    await etcd.delete('greeting');
    expect(await etcd.get('greeting')).toBeUndefined();
    await expect.poll(() => etcd.get('greeting', { from: etcd01 }), { timeout: settledWithinMs }).toBeUndefined();
    expect(etcd.recorded).toMatchObject([
      {
        on: 'bot',
        argv: expect.arrayContaining(['etcdctl', 'put', '--', 'greeting', 'hällo']) as string[],
        changes: true,
        exitCode: 0,
        output: 'OK',
      },
      { argv: expect.arrayContaining(['etcdctl', 'del', '--', 'greeting']) as string[], changes: true, output: '1' },
    ]);
  });

  it('agrees, with the same hash on every member', async () => {
    const etcd = labEtcd(lab);
    await etcd.put('some', 'data');

    const hashes = await etcd.hashes();

    expect(hashes.map(({ member }) => member)).toEqual(memberNames);
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
    const { stdout } = await lab.etcdctl(['endpoint', 'hashkv', `--rev=${hashes[0]?.revision}`]);
    expect(stdout.split('\n').map((line) => Number(line.split(', ')[1]))).toEqual(hashes.map(({ hash }) => hash));
    await expect
      .poll(() => etcd.membersAgree(), { timeout: settledWithinMs })
      .toMatchObject({ holds: true, note: expect.stringContaining('All 3 members have hash') as string });
  });

  it('knows whether authentication is on', async () => {
    const etcd = labEtcd(lab);
    expect(await etcd.authEnabled()).toBe(true);

    // Any one member answers, from its own store, and one may lag.
    await lab.etcdctl(['auth', 'disable']);
    await lab.waitHealthy();

    expect(await etcd.authEnabled()).toBe(false);
    await lab.etcdctl(['auth', 'enable']);
    await lab.waitHealthy();
    expect(await etcd.authEnabled()).toBe(true);
  });

  it('takes the password when the certificate is no user', async () => {
    const tls = { ca: lab.pki.ca, ...lab.pki.plain };

    const etcd = labEtcd(lab, { tls, auth: { user: 'root', password: lab.rootPassword } });

    expect(await etcd.put('by', 'password')).toHaveProperty('revision');
    expect(await etcd.hashes()).toHaveLength(3);
    await expect(labEtcd(lab, { tls }).put('by', 'nobody')).rejects.toMatchObject({ code: 'ETCD_AUTH_FAILED' });
    await expect(labEtcd(lab, { tls, auth: { user: 'root', password: 'wrong' } }).put('by', 'guess')).rejects.toMatchObject({
      code: 'ETCD_AUTH_FAILED',
      message: expect.stringContaining('the user name or password is wrong') as string,
    });
  });

  it('takes a new token when etcd has forgotten the old one', async () => {
    const etcd = labEtcd(lab, { tls: { ca: lab.pki.ca, ...lab.pki.plain }, auth: { user: 'root', password: lab.rootPassword } });
    await etcd.put('token', 'first');
    for (const host of lab.hosts) await host.exec(['systemctl', 'restart', 'etcd']).catch(() => undefined);
    await lab.waitHealthy();

    expect(await etcd.put('token', 'second')).toHaveProperty('revision');
  });

  it('sees keys of API 2 where it is served', async () => {
    const etcd = labEtcd(lab);
    expect(await etcd.v2Keys()).toBe(version === '3.4' ? 'none' : 'not-served');
    if (version !== '3.4') return;

    await lab.etcdctl(['set', '/old', 'value'], { api: 2 });

    expect(await etcd.v2Keys()).toBe('some');
    await lab.etcdctl(['rm', '/old'], { api: 2 });
  });

  it('sees an alarm, and that the members do not agree with it', async () => {
    const etcd = labEtcd(lab);
    const memberId = (await etcd.look()).members?.[0]?.memberId ?? '';
    const raw = await rawClient(lab);
    await raw.maintenance.alarm({ action: 'Activate', memberID: BigInt(`0x${memberId}`).toString(), alarm: 'Nospace' });

    await expect.poll(async () => (await etcd.look()).alarms, { timeout: settledWithinMs }).toEqual([{ memberId, type: 'NOSPACE' }]);
    await expect
      .poll(() => etcd.membersAgree(), { timeout: settledWithinMs })
      .toMatchObject({ holds: false, because: expect.stringMatching(/^The alarm NOSPACE is raised for etcd0\d\.$/) as string });
    await lab.etcdctl(['alarm', 'disarm']);
    await expect.poll(async () => (await etcd.look()).alarms, { timeout: settledWithinMs }).toEqual([]);
    raw.close();
  });

  it('says which member does not agree', async () => {
    await third.fault('stop-etcd');

    const etcd = labEtcd(lab);

    expect(await etcd.membersAgree()).toMatchObject({ holds: false, because: expect.stringContaining('etcd03 (https://') as string });
    await expect(etcd.hashes()).rejects.toMatchObject({
      code: 'ETCD_UNREACHABLE',
      message: expect.stringContaining('connection refused') as string,
    });
    await third.fault('start-etcd');
    await lab.waitHealthy();
  });

  describe('without a quorum', () => {
    beforeAll(async () => {
      await lab.etcdctl(['put', 'kept', 'value']);
      await second.fault('power-off');
      await third.fault('stop-etcd');
    });

    it('refuses to write within its limit, and still reads from the survivor', async () => {
      const etcd = labEtcd(lab);

      const { result, tookMs } = await timed(() => etcd.put('lost', 'value').catch((error: unknown) => error));

      expect(result).toMatchObject({
        code: 'ETCD_NO_QUORUM',
        message: expect.stringMatching(/1 of 3 voters answers, 2 are needed.* No answer from etcd02 \(.+\), etcd03 \(.+\)\.$/) as string,
      });
      expect(tookMs).toBeLessThan(boundedMs);
      expect(await etcd.get('kept', { from: etcd01 })).toMatchObject({ value: 'value' });
      expect(etcd.recorded).toMatchObject([{ changes: true, exitCode: 1 }]);
    });

    it('still knows whether authentication is on and whether there are keys of API 2, within two seconds', async () => {
      const etcd = labEtcd(lab);

      const { result, tookMs } = await timed(() => Promise.all([etcd.authEnabled(), etcd.v2Keys()]));

      expect(result).toEqual([true, version === '3.4' ? 'none' : 'not-served']);
      expect(tookMs).toBeLessThan(lookBoundedMs);
    });

    it('counts the keys of the member that is left, and says that it is that one’s count', async () => {
      const { keys, of } = await labEtcd(lab).countKeys();

      expect(of).toBe(etcd01);
      expect(keys).toBeGreaterThan(0);
    });

    it('cannot check a password, and says that it is for want of a quorum', async () => {
      const etcd = labEtcd(lab, { tls: { ca: lab.pki.ca, ...lab.pki.plain }, auth: { user: 'root', password: lab.rootPassword } });
      await waitUntil(async () => (await etcd.look()).endpoints[0]?.answers === true, { for: 'a look', withinMs: quorumLostWithinMs });

      await expect(etcd.get('kept', { from: etcd01 })).rejects.toMatchObject({
        code: 'ETCD_NO_QUORUM',
        message: 'etcd01 wants a user and could not check the password of root in time: for that etcd needs a quorum.',
      });
    });

    it('says that nobody answers when nobody does', async () => {
      const [first] = lab.hosts as [LabHost];
      await first.fault('stop-etcd');

      const etcd = labEtcd(lab);

      await expect(etcd.put('lost', 'value')).rejects.toMatchObject({
        code: 'ETCD_UNREACHABLE',
        // What the kernel says of a host without power depends on how long ago somebody else asked it.
        message: expect.stringMatching(
          /etcd01: connection refused, etcd02: (?:no answer within [\d.]+ m?s|there is no route to the host), etcd03: connection refused/,
        ) as string,
      });
      expect(await etcd.authEnabled()).toBeUndefined();
      expect(await etcd.v2Keys()).toBe('unknown');
      await expect(etcd.countKeys()).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    });
  });
});
