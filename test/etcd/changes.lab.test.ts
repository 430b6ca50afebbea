import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Approval } from '../../src/engine/approval.ts';
import type { Etcd } from '../../src/etcd/etcd.ts';
import { MemberId } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import { fillDirectories, fillToTheBrim, megabyte, putSurely } from './filling.ts';
import { labEtcd, ledBy, memberNames, settledWithinMs } from './lab-etcd.ts';
import { describeOnEach } from '../lab/versions.ts';

const upWithinMs = 300_000;
const [etcd01, etcd02, etcd03] = memberNames;
const approval = {} as Approval;
const tinyQuota = 16 * 1_024 * 1_024;

describeOnEach('changes of a cluster of etcd %s', (version) => {
  let lab: Lab;
  let third: LabHost;
  beforeAll(async () => {
    lab = await createLab({ name: `changes-${version.replace('.', '')}`, etcd: version, members: 3 });
    [, , third] = lab.hosts as [LabHost, LabHost, LabHost];
  }, upWithinMs);
  afterAll(async () => await lab?.down());

  it('hands leadership to a voter, and does nothing when it leads already', async () => {
    const etcd = labEtcd(lab);
    const leader = await leaderOf(etcd);
    const other = (await idsOf(etcd)).find((id) => id !== leader) ?? leader;

    await etcd.moveLeader(other);

    expect(await leaderOf(etcd)).toBe(other);
    await etcd.moveLeader(other);
    expect(etcd.recorded).toMatchObject([
      {
        argv: expect.arrayContaining(['move-leader', other]) as string[],
        exitCode: 0,
        output: `Leadership transferred from ${leader} to ${other}`,
      },
    ]);
    await expect(etcd.moveLeader(MemberId.parse('1'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('gives a member other peer URLs', async () => {
    const etcd = labEtcd(lab);
    const id = await idOf(etcd, 'etcd03');
    const both = [third.peerUrl, third.peerUrl.replace('2380', '2390')];

    await etcd.updatePeerUrls(id, both);

    expect((await rowOf(etcd, id))?.peerUrls.toSorted()).toEqual(both);
    await etcd.updatePeerUrls(id, [third.peerUrl]);
    await etcd.updatePeerUrls(id, [`${third.peerUrl}/`]);
    expect((await rowOf(etcd, id))?.peerUrls).toEqual([third.peerUrl]);
    expect(etcd.recorded).toHaveLength(2);
  });

  it('is not added to while another voter is down, and says which and what to do', async () => {
    const etcd = labEtcd(lab);
    await ledBy(lab, etcd01);
    await third.fault('stop-etcd');

    await expect(etcd.addLearner(['https://198.51.100.99:2380'])).rejects.toMatchObject({
      code: 'ETCD_REQUEST_FAILED',
      message: expect.stringContaining('etcd03 is a voter that does not answer') as string,
      hint: expect.stringContaining('Start etcd on etcd03') as string,
    });

    await third.fault('start-etcd');
    await lab.waitHealthy();
  });

  it('removes a member and takes it back as a learner that becomes a voter', async () => {
    const etcd = labEtcd(lab);
    const id = await idOf(etcd, 'etcd03');
    await ledBy(lab, etcd01);
    await third.fault('lose-data');

    await etcd.removeMember(id, approval);
    await etcd.removeMember(id, approval);
    const others = etcd.among([etcd01, etcd02]);
    const learner = await others.addLearner([third.peerUrl]);
    const again = await others.addLearner([third.peerUrl]);

    expect(learner).toMatchObject({ name: '', isLearner: true, peerUrls: [third.peerUrl] });
    expect(again.memberId).toBe(learner.memberId);
    expect(await others.promote(learner.memberId)).toMatchObject({
      holds: false,
      because: expect.stringContaining('not in sync') as string,
    });
    await expect(others.addLearner(['https://198.51.100.99:2380'])).rejects.toMatchObject({
      message: expect.stringContaining(`there is a learner already: ${third.peerUrl}`) as string,
    });
    await joinExisting(third);
    const promoted = await waitUntil(async () => await isPromoted(etcd, learner.memberId), {
      for: 'the promotion',
      withinMs: settledWithinMs,
    });
    expect(promoted).toMatchObject({ holds: true });
    expect(await etcd.promote(learner.memberId)).toMatchObject({ holds: true });
    // A promotion that was waited for may have failed at first.
    const acts = etcd.recorded.filter(({ argv, exitCode }) => !argv.includes('promote') || exitCode === 0);
    expect(acts.map(({ argv, exitCode }) => [...argv.slice(argv.indexOf('member')), exitCode])).toEqual([
      ['member', 'remove', id, 0],
      ['member', 'add', 'etcd03', '--learner', `--peer-urls=${third.peerUrl}`, 0],
      ['member', 'add', 'learner', '--learner', '--peer-urls=https://198.51.100.99:2380', 1],
      ['member', 'promote', learner.memberId, 0],
    ]);
    await lab.waitHealthy();
    await expect.poll(() => etcd.membersAgree(), { timeout: settledWithinMs }).toMatchObject({ holds: true });
  });

  it('waits when a voter has only just come back', async () => {
    const etcd = labEtcd(lab);
    await ledBy(lab, etcd01);
    await third.fault('stop-etcd');
    await third.fault('start-etcd');
    await waitUntil(async () => (await etcd.look()).quorum.answering === 3, { for: 'etcd03', withinMs: settledWithinMs });

    const learner = await etcd.addLearner(['https://198.51.100.99:2380']);

    expect(learner.isLearner).toBe(true);
    await etcd.removeMember(learner.memberId, approval);
    expect(await idsOf(etcd)).not.toContain(learner.memberId);
  });

  it('is asked through some of its members only', async () => {
    const etcd = labEtcd(lab);
    await ledBy(lab, etcd01);
    await third.fault('stop-etcd');

    const two = etcd.among([etcd01, etcd02]);

    await expect
      .poll(() => two.look(), { timeout: settledWithinMs })
      .toMatchObject({
        endpoints: [{ member: etcd01 }, { member: etcd02 }],
        quorum: { voters: 3, answering: 2, holds: true },
      });
    await expect.poll(() => two.membersAgree(), { timeout: settledWithinMs }).toMatchObject({ holds: true });
    expect((await two.hashes()).map(({ member }) => member)).toEqual([etcd01, etcd02]);
    await expect(two.get('key', { from: etcd03 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(two.commands.compact(2n).argv.join(' ')).not.toContain(third.clientUrl);
    await third.fault('start-etcd');
    await lab.waitHealthy();
  });

  it('samples its keys by directory', async () => {
    const etcd = labEtcd(lab);
    await fillDirectories(lab);
    await lab.waitHealthy();

    // A sample ends after three seconds: a busy machine may not see every key in that time.
    const { keysTotal, prefixes } = await waitUntil(
      async () => {
        const sample = await etcd.sampleKeys();
        return sample.keysSeen === 2_250 && sample;
      },
      { for: 'a sample of all keys', withinMs: settledWithinMs },
    );

    expect(keysTotal).toBe(2_250);
    expect(await labEtcd(lab).countKeys()).toEqual({ keys: 2_250, of: 'quorum' });
    expect(prefixes.map(({ prefix, keys }) => [prefix, keys])).toEqual([
      ['/registry/secrets', 200],
      ['/registry/events', 2_000],
      ['config', 50],
    ]);
    expect(prefixes[1]).toMatchObject({ revisions: 4_000n });
  });

  it('compacts below its head only, and defragments one member while the others serve', async () => {
    const etcd = labEtcd(lab);
    for (let round = 0; round < 24; round += 1) await putSurely(etcd, 'large', 'x'.repeat(megabyte));
    await lab.waitHealthy();
    const head = (await etcd.look()).revision ?? 0n;
    const before = await sizeOf(etcd, 'etcd02');

    await expect(etcd.compact(head, approval)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await etcd.isCompacted(head - 1n)).toBe(false);
    await etcd.compact(head - 1n, approval);
    await etcd.compact(head - 1n, approval);
    expect([await etcd.isCompacted(head - 1n), await etcd.isCompacted(head)]).toEqual([true, false]);
    await compactedOn([lab.host('etcd02')], head - 1n);
    await etcd.defragment(etcd02);

    expect(await etcd.answersFromStore(etcd02)).toBe(true);
    expect(before - (await sizeOf(etcd, 'etcd02'))).toBeGreaterThan(15 * megabyte);
    expect(
      etcd.recorded.filter(({ argv }) => !argv.includes('put')).map(({ argv, exitCode }) => [argv[2], ...argv.slice(9), exitCode]),
    ).toEqual([
      [lab.hosts.map(({ clientUrl }) => clientUrl).join(','), 'compaction', '--physical', String(head - 1n), 0],
      [lab.host('etcd02').clientUrl, 'defrag', 0],
    ]);
  });

  it('does not answer from the store of a member that is down', async () => {
    const etcd = labEtcd(lab);
    await third.fault('stop-etcd');

    expect(await etcd.answersFromStore(etcd03)).toBe(false);
    await expect(etcd.defragment(etcd03)).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    await expect(etcd.quotaBytes(etcd03)).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });

    await third.fault('start-etcd');
    await lab.waitHealthy();
  });

  it('knows its quota, and is disarmed when space has been made', async () => {
    const etcd = labEtcd(lab);
    expect(await etcd.quotaBytes(etcd01)).toBe(2 * 1_024 ** 3);
    for (const member of memberNames) await etcd.defragment(member);
    for (const host of lab.hosts) await setQuota(host, tinyQuota);
    await lab.waitHealthy();
    expect(await etcd.quotaBytes(etcd01)).toBe(tinyQuota);
    await fillToTheBrim(etcd);
    const alarms = await waitUntil(async () => alarmsOf(etcd), { for: 'the alarm', withinMs: settledWithinMs });
    expect(alarms[0]?.type).toBe('NOSPACE');
    await expect
      .poll(async () => (await etcd.sampleKeys()).prefixes.map(({ prefix }) => prefix), { timeout: settledWithinMs })
      .toContain('brim');

    await etcd.delete('brim/0');
    const last = ((await etcd.look()).revision ?? 0n) - 1n;
    await etcd.compact(last, approval);
    await compactedOn(lab.hosts, last);
    for (const member of memberNames) await etcd.defragment(member);
    // Every member that is full raises its own, one after the other.
    for (const { memberId } of (await etcd.look()).alarms ?? []) await etcd.disarmNospace(memberId);

    await waitUntil(async () => (await etcd.look()).alarms?.length === 0, { for: 'the end of the alarm', withinMs: settledWithinMs });
    expect(await etcd.put('room', 'again')).toHaveProperty('revision');
    expect(etcd.recorded.at(-2)).toMatchObject({
      argv: expect.arrayContaining(['alarm', 'disarm']) as string[],
      output: expect.stringMatching(/^memberID:\d+ alarm:NOSPACE$/) as string,
    });
  });
});

async function leaderOf(etcd: Etcd): Promise<MemberId> {
  const leader = (await etcd.look()).endpoints.flatMap((one) => (one.answers ? [one.status.leader] : []))[0];
  if (leader === undefined) throw new Error('nobody leads');
  return leader;
}

async function idsOf(etcd: Etcd): Promise<readonly MemberId[]> {
  return (await etcd.look()).members?.map(({ memberId }) => memberId) ?? [];
}

async function idOf(etcd: Etcd, name: string): Promise<MemberId> {
  const row = (await etcd.look()).members?.find((member) => member.name === name);
  if (row === undefined) throw new Error(`${name} is no member`);
  return row.memberId;
}

async function rowOf(etcd: Etcd, id: MemberId) {
  return (await etcd.look()).members?.find(({ memberId }) => memberId === id);
}

async function sizeOf(etcd: Etcd, name: string): Promise<number> {
  const found = (await etcd.look()).endpoints.find(({ member }) => member === name);
  return found?.answers === true ? found.status.dbSizeBytes : 0;
}

async function isPromoted(etcd: Etcd, id: MemberId) {
  const finding = await etcd.promote(id);
  return finding.holds && finding;
}

async function alarmsOf(etcd: Etcd) {
  const { alarms = [] } = await etcd.look();
  return alarms.length > 0 && alarms;
}

/** Waits until etcd of these hosts says that history is gone: a compaction is waited for only on the member that was asked. */
async function compactedOn(hosts: readonly LabHost[], revision: bigint): Promise<void> {
  // The size in use does not tell: an idle 3.4 counts pages as free only after its next write.
  const said = new RegExp(`finished scheduled compaction.*(?: at |"compact-revision":)${revision}\\b`);
  for (const { name, exec } of hosts) {
    const isDone = async () => said.test((await exec(['journalctl', '--quiet', '--output=cat', '--unit=etcd'])).stdout);
    await waitUntil(isDone, { for: `the end of the compaction on ${name}`, withinMs: settledWithinMs, everyMs: 200 });
  }
}

async function joinExisting(host: LabHost): Promise<void> {
  await host.exec(['sed', '-i', 's/^ETCD_INITIAL_CLUSTER_STATE=.*/ETCD_INITIAL_CLUSTER_STATE="existing"/', '/etc/default/etcd']);
  await host.fault('start-etcd');
}

async function setQuota(host: LabHost, bytes: number): Promise<void> {
  await host.exec(['sh', '-c', `echo ETCD_QUOTA_BACKEND_BYTES=${bytes} >> /etc/default/etcd`]);
  await host.exec(['systemctl', 'restart', 'etcd']);
}
