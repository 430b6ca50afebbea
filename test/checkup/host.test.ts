/** What is judged of one host, case by case. */
import { describe, expect, it } from 'vitest';
import { hostChecks } from '../../src/checkup/host.ts';
import type { HostSeen } from '../../src/checkup/host.ts';
import { bytesNeeded } from '../../src/checkup/room.ts';
import type { HostSight } from '../../src/host/sight.ts';
import { fakeWorld } from '../fakes/world.ts';

const now = new Date('2026-11-22T03:00:00Z');
const own = 'a'.repeat(64);

async function lineOf(
  id: string,
  change: { readonly sight?: Partial<HostSight>; readonly ports?: Partial<HostSeen['ports']>; readonly neededBytes?: number | undefined },
) {
  const world = fakeWorld();
  const [host] = world.hosts;
  const [place] = world.cluster.members;
  if (host === undefined || place === undefined) throw new Error('no host');
  const [sight, ports, look] = await Promise.all([host.sight(), host.ports(), world.etcd.look()]);
  const seen = { sight: { ...sight, ...change.sight }, ports: { ...ports, ...change.ports } };
  const checks = hostChecks(place, seen, {
    programSha256: own,
    neededBytes: 'neededBytes' in change ? change.neededBytes : bytesNeeded(20_000),
    look,
    now,
  });
  return {
    grades: checks.filter((check) => check.id === id).map(({ grade }) => grade),
    text: checks
      .filter((check) => check.id === id)
      .map(({ sentence, cure = '' }) => `${sentence} ${cure}`)
      .join('\n'),
    all: checks,
  };
}

const down = { activeState: 'inactive', masked: false, mainPid: 0, user: 'etcd', group: 'etcd' };
const up = { ...down, activeState: 'active', mainPid: 1 };
const certificate = {
  use: 'client',
  file: '/c.pem',
  subjectAltNames: ['198.51.100.1'],
  notBefore: new Date('2020-01-01'),
  keyMatches: true,
  signedByCa: true,
} as const;
const tool = (program: 'etcdutl' | 'etcdctl', version: string) => ({
  program,
  path: `/usr/bin/${program}`,
  version,
  restores: true,
  bumps: false,
});

it('finds nothing to say of a host on which all is well', async () => {
  const { all } = await lineOf('ssh', {});

  expect(all.filter(({ grade }) => grade !== 'good')).toEqual([]);
});

describe('one thing on a host', () => {
  it.each<readonly [string, string, Parameters<typeof lineOf>[1], readonly string[], RegExp]>([
    [
      'another program',
      'program',
      { sight: { programSha256: 'b'.repeat(64) } },
      ['worth a look'],
      /bbbbbbbbbbbb, and the bot's own kit has aaaaaaaaaaaa.*etcd-medic kit/,
    ],
    [
      'no leave to restore',
      'allowed',
      { sight: { allow: ['look', 'stop-and-start', 'replace', 'fetch-database', 'v2'] } },
      ['worth a look'],
      /does not allow restore: no restore, recover-quorum, undo and v2-restore here.*--allow/,
    ],
    ['no leave even to look', 'allowed', { sight: { allow: [] } }, ['wrong'], /--allow look/],
    ['etcd stopped', 'unit', { sight: { unit: down } }, ['wrong'], /etcd is inactive/],
    ['etcd masked though it runs', 'unit', { sight: { unit: { ...up, masked: true } } }, ['worth a look'], /masked/],
    ['data that is missing', 'unit', { sight: { dataDir: { exists: false, path: '/data/etcd/data' } } }, ['wrong'], /is missing/],
    ['a data-dir that is a link', 'data-dir', { sight: { unmovableBecause: '/d is a link.' } }, ['wrong'], /by a rename: \/d is a link\. /],
    [
      'settings in two files',
      'settings',
      { sight: { unchangeableBecause: 'they stand in two files' } },
      ['wrong'],
      /they stand in two files/,
    ],
    [
      'settings of another data-dir',
      'settings',
      { sight: { settingsProblem: 'etcd keeps its data in /x, and host.json says /d' } },
      ['wrong'],
      /^etcd keeps its data in \/x/,
    ],
    ['a stray etcd', 'other etcds', { sight: { strangers: [7, 8] } }, ['wrong'], /pid 7, 8/],
    ['no tool', 'tools', { sight: { tools: [] } }, ['wrong'], /neither etcdutl nor etcdctl.*Install etcdutl or etcdctl 3\.4/],
    ['a tool of another minor', 'tools', { sight: { tools: [tool('etcdctl', '3.3.25')] } }, ['wrong'], /has etcdctl 3\.3\.25/],
    [
      'a tool that fits among others',
      'tools',
      { sight: { serverVersion: '3.5.16', tools: [tool('etcdctl', '3.5.16'), tool('etcdutl', '3.5.9')] } },
      ['good'],
      /etcdutl 3\.5\.9/,
    ],
    ['no version', 'tools', { sight: { serverVersion: undefined } }, ['wrong'], /does not say its version/],
    ['too little room', 'room', { sight: { freeBytes: 1_000_000 } }, ['wrong'], /1\.0 MB free .* needs 134 MB: 133 MB are missing/],
    ['a database of unknown size', 'room', { neededBytes: undefined }, ['not looked at'], /No member says/],
    [
      'a port that is swallowed',
      'ports',
      { ports: { client: 'no-answer' } },
      ['wrong', 'good'],
      /client port 198\.51\.100\.1:2379 gives no answer.*Let the machine of the bot through/,
    ],
    [
      'a port that is swallowed while etcd is down',
      'ports',
      { sight: { unit: down }, ports: { client: 'refused', peer: 'no-answer' } },
      ['good', 'wrong'],
      /peer port .* gives no answer/,
    ],
    [
      'closed ports while etcd is down',
      'ports',
      { sight: { unit: down }, ports: { client: 'refused', peer: 'refused' } },
      ['good', 'good'],
      /closed, as etcd is down/,
    ],
    [
      'an open port while etcd is down',
      'ports',
      { sight: { unit: down }, ports: { client: 'open', peer: 'refused' } },
      ['wrong', 'good'],
      /something else listens/,
    ],
    ['a closed port while etcd runs', 'ports', { ports: { peer: 'refused' } }, ['good', 'worth a look'], /closed although etcd runs/],
    ['a host whose clock is off', 'clock', { sight: { clockOffsetMs: -2_500 } }, ['worth a look'], /-2\.5 s off/],
    [
      'certificates that cannot be read',
      'certificates',
      { sight: { certificates: [], certificatesProblem: 'c.pem cannot be read.' } },
      ['wrong'],
      /c\.pem cannot be read/,
    ],
    [
      'a certificate that ends soon, and none for the peers',
      'certificates',
      { sight: { certificates: [{ ...certificate, notAfter: new Date('2026-11-25T03:00:00Z') }] } },
      ['worth a look', 'wrong'],
      /valid for 3 days more\. Renew it\.\n.*no certificate for its peer side/,
    ],
  ])('%s', async (_, id, change, grades, text) => {
    const line = await lineOf(id, change);

    expect(line.grades).toEqual(grades);
    expect(line.text).toMatch(text);
  });

  it('that is wrong always has a cure', async () => {
    const { all } = await lineOf('ssh', {
      sight: {
        allow: [],
        unit: down,
        unmovableBecause: 'x',
        unchangeableBecause: 'y',
        strangers: [1],
        tools: [],
        freeBytes: 0,
        certificates: [],
        settings: new Map(),
      },
      ports: { client: 'no-answer', peer: 'unreachable' },
    });

    expect(all.filter(({ grade, cure }) => grade === 'wrong' && (cure ?? '') === '')).toEqual([]);
    expect(all.filter(({ grade }) => grade === 'wrong').length).toBeGreaterThan(10);
  });
});
