/** config.yaml against the host's settings and etcd's own member list. */
import { describe, expect, it } from 'vitest';
import { listAgrees, settingsAgree, unknownMembers } from '../../src/checkup/identity.ts';
import type { ClusterLook } from '../../src/etcd/etcd.ts';
import { MemberId, MemberName } from '../../src/ids.ts';
import { fakeWorld } from '../fakes/world.ts';

const place = { name: MemberName.parse('etcd01'), clientUrl: 'https://198.51.100.1:2379', peerUrl: 'https://198.51.100.1:2380' };
const right = { name: 'etcd01', 'initial-advertise-peer-urls': place.peerUrl, 'advertise-client-urls': place.clientUrl };

describe('the settings of a host', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, readonly string[], RegExp]>([
    ['agree', right, ['good'], /has the name and URLs/],
    [
      'agree where one of several URLs is meant, however it is written',
      { ...right, 'initial-advertise-peer-urls': 'https://a:2380,https://198.51.100.1:2380/' },
      ['good'],
      /./,
    ],
    ['have another name', { ...right, name: 'etcd-1' }, ['wrong'], /calls this member etcd-1, and config\.yaml etcd01/],
    [
      'have no name, which is one too',
      { 'initial-advertise-peer-urls': place.peerUrl, 'advertise-client-urls': place.clientUrl },
      ['wrong'],
      /member default/,
    ],
    [
      'have another peer URL',
      { ...right, 'initial-advertise-peer-urls': 'https://198.51.100.1:2390' },
      ['wrong'],
      /:2390, and config\.yaml peerUrl/,
    ],
    ['have no peer URL', { name: 'etcd01', 'advertise-client-urls': place.clientUrl }, ['wrong'], /localhost:2380/],
    [
      'advertise another client URL, which a proxy may well do',
      { ...right, 'advertise-client-urls': 'https://lb:2379' },
      ['worth a look'],
      /https:\/\/lb:2379/,
    ],
    ['are known only when etcd starts', { ...right, name: '%H' }, ['not looked at'], /%H, which is known only when etcd starts/],
  ])('%s', (_, settings, grades, text) => {
    const checks = settingsAgree(place, {
      settings: new Map(Object.entries(settings)),
      settingsProblem: undefined,
      configuration: { style: 'environment-file', file: '/etc/default/etcd' },
    });

    expect(checks.map(({ grade }) => grade)).toEqual(grades);
    expect(checks.map(({ sentence }) => sentence).join()).toMatch(text);
  });
});

describe("etcd's member list", () => {
  type Change = (look: ClusterLook) => ClusterLook;
  const silent: Change = (look) => ({
    ...look,
    endpoints: look.endpoints.map((one) =>
      one.member === 'etcd01'
        ? { member: one.member, endpoint: one.endpoint, answers: false, code: 'refused', reason: 'connection refused' }
        : one,
    ),
  });
  const row =
    (change: object): Change =>
    (look) => ({ ...look, members: look.members?.map((each) => (each.name === 'etcd01' ? { ...each, ...change } : each)) });
  const moved = row({ peerUrls: ['https://198.51.100.9:2380'] });

  it.each<readonly [string, Change, readonly string[], RegExp]>([
    ['has the member', (look) => look, ['good'], /etcd lists it as \w+ at/],
    ['has it under another name', row({ name: 'other' }), ['wrong'], /calls itself other/],
    ['has it at another peer URL', moved, ['wrong'], /etcd has it at https:\/\/198\.51\.100\.9:2380, and config\.yaml has peerUrl/],
    ['does not have a member that answers', row({ memberId: MemberId.parse('ff') }), ['wrong'], /is not in the member list of the others/],
    [
      'has a member elsewhere that does not answer: a new host may take its place',
      (look) => moved(silent(look)),
      ['worth a look'],
      /lists it at https:\/\/198\.51\.100\.9:2380, not at/,
    ],
    [
      'has its URL under another name, and it does not answer',
      (look) => row({ name: 'other' })(silent(look)),
      ['worth a look'],
      /belongs to other/,
    ],
    [
      'does not have a member that does not answer',
      (look) => silent({ ...look, members: look.members?.filter(({ name }) => name !== 'etcd01') }),
      ['worth a look'],
      /not in etcd’s member list/,
    ],
    ['cannot be had', (look) => ({ ...look, members: undefined }), ['not looked at'], /No member gave/],
  ])('%s', async (_, change, grades, text) => {
    const checks = listAgrees(place, change(await fakeWorld().etcd.look()));

    expect(checks.map(({ grade }) => grade)).toEqual(grades);
    expect(checks.map(({ sentence }) => sentence).join()).toMatch(text);
  });

  it('has nobody whom config.yaml does not know, but a learner that waits', async () => {
    const { cluster, etcd } = fakeWorld();
    const look = silent(await etcd.look());
    const without = cluster.members.slice(1);
    const learner = row({ name: '', isLearner: true })(look);

    expect(unknownMembers(cluster.members, look)).toEqual([]);
    expect(unknownMembers(without, look)).toMatchObject([
      { grade: 'wrong', sentence: expect.stringContaining('etcd01'), cure: expect.stringContaining('etcdctl member remove') },
    ]);
    expect(unknownMembers(without, learner)).toMatchObject([{ grade: 'worth a look', sentence: expect.stringContaining('never started') }]);
  });
});
