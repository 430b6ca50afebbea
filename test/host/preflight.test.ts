/** What is found before the gate, out of one look. */
import { describe, expect, it } from 'vitest';
import type { Purpose } from '../../src/host/host.ts';
import { seenOf } from '../../src/host/looks.ts';
import { preflightFacts } from '../../src/host/preflight.ts';
import { sightOf } from '../../src/host/sight.ts';
import { look, where } from './scripted-host.ts';

const nowMs = 1_764_331_200_000;
const factsOf = (changes: Readonly<Record<string, unknown>>, purposes: readonly Purpose[] = ['restore']) =>
  preflightFacts(
    where,
    sightOf(
      where,
      seenOf(where, look({ time: nowMs / 1_000, ...changes }), { sentAtMs: nowMs - 5, answeredAtMs: nowMs + 5, program: '0'.repeat(64) }),
    ),
    purposes,
  );
const tool = (program: string, version: string, restores = true, bumps = false) => ({
  program,
  path: `/usr/bin/${program}`,
  version,
  restores,
  bumps,
});
const settings = look()['settings'] as object;
const place = look()['place'] as object;
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('preflight', () => {
  it('gives all facts of one look', () => {
    expect(factsOf({})).toEqual({
      unit: { activeState: 'active', masked: false, mainPid: 213, user: 'etcd', group: 'etcd' },
      serverVersion: '3.5.16',
      tool: { program: 'etcdutl', version: '3.5.16', canBumpRevision: true },
      configuration: { style: 'environment-file', file: '/etc/default/etcd' },
      dataDir: {
        exists: true,
        path: '/data/etcd/data',
        owner: 'etcd',
        group: 'etcd',
        mode: '700',
        sizeBytes: 4_096,
        identity: '2049:77',
        empty: false,
      },
      freeBytes: 10_000_000_000,
      clockOffsetMs: 0,
    });
  });

  it('says how far the host’s clock is off, at least', () => {
    expect(factsOf({ time: nowMs / 1_000 + 60 }).clockOffsetMs).toBeCloseTo(59_995, 0);
    expect(factsOf({ time: nowMs / 1_000 - 60 }).clockOffsetMs).toBeCloseTo(-59_995, 0);
  });

  it('does not take a host without a data-dir for a mistake', () => {
    expect(factsOf({ place: { ...place, data: null } }).dataDir).toEqual({ exists: false, path: '/data/etcd/data' });
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly Purpose[], string, string]>([
    [
      'a data-dir that cannot be renamed',
      { place: { ...place, problem: '/data/etcd/data is a symbolic link and no directory.' } },
      ['undo'],
      'HOST_OUTPUT_UNKNOWN',
      'cannot be moved aside by a rename: /data/etcd/data is a symbolic link and no directory.',
    ],
    [
      'settings that a person must change',
      { settings: { ...settings, changeable: false, because: 'They stand in more than one file.' } },
      ['replace-member'],
      'HOST_OUTPUT_UNKNOWN',
      'They stand in more than one file.',
    ],
    [
      'data elsewhere',
      { settings: { ...settings, problem: 'etcd keeps its data in /x, and host.json says /y' } },
      ['fetch-database'],
      'HOST_DESCRIPTION_INVALID',
      'etcd keeps its data in /x',
    ],
    [
      'a group that is not allowed',
      { allow: ['look', 'stop-and-start'] },
      ['v2-restore'],
      'HOST_NOT_ALLOWED',
      'does not allow v2 and restore',
    ],
    ['nothing that is allowed', { allow: [] }, [], 'HOST_NOT_ALLOWED', 'does not allow look'],
    ['no tool', { tools: [] }, ['restore'], 'HOST_TOOL_MISSING', 'neither etcdutl nor etcdctl'],
    [
      'a tool of another minor version',
      { tools: [tool('etcdctl', '3.4.23')] },
      ['restore'],
      'HOST_TOOL_MISSING',
      'runs etcd 3.5.16 and has etcdctl 3.4.23',
    ],
    ['a tool that does not restore', { tools: [tool('etcdctl', '3.5.16', false)] }, ['restore'], 'HOST_TOOL_MISSING', 'etcdctl 3.5.16'],
    ['an etcd that does not say its version', { server_version: null }, ['restore'], 'HOST_OUTPUT_UNKNOWN', 'does not say its version'],
    ['room that could not be seen', { free_bytes: null }, ['restore'], 'HOST_OUTPUT_UNKNOWN', 'how much room'],
  ])('finds %s', (_, changes, purposes, code, because) => {
    expect(thrown(() => factsOf(changes, purposes))).toMatchObject({ code, message: expect.stringContaining(because) as string });
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly Purpose[]]>([
    [
      'a data-dir that cannot be renamed',
      { place: { ...place, problem: 'it is a link' } },
      ['fetch-database', 'stop-and-start', 'v2-backup'],
    ],
    [
      'settings that a person must change',
      { settings: { ...settings, changeable: false, because: 'x' } },
      ['fetch-database', 'stop-and-start', 'v2-backup'],
    ],
    ['groups that nobody needs', { allow: ['look', 'restore', 'stop-and-start'] }, ['restore', 'undo']],
  ])('lets %s be where it does not matter', (_, changes, purposes) => {
    expect(() => factsOf(changes, purposes)).not.toThrow();
  });

  it('takes etcdutl before etcdctl, of the server’s own minor version', () => {
    expect(factsOf({ tools: [tool('etcdctl', '3.5.15'), tool('etcdutl', '3.5.14', true, true)] }).tool).toEqual({
      program: 'etcdutl',
      version: '3.5.14',
      canBumpRevision: true,
    });
    expect(factsOf({ tools: [tool('etcdctl', '3.5.15'), tool('etcdutl', '3.6.0')] }).tool).toMatchObject({ program: 'etcdctl' });
  });

  it('counts a unit as masked only when systemd knows it and a reboot does not undo it, and says when it is one of both', () => {
    const state = look()['state'] as object;
    const unitWith = (masked: boolean, onDisk: boolean) => {
      const { unit } = factsOf({ state: { ...state, masked, masked_on_disk: onDisk } });
      return { masked: unit.masked, half: unit.halfMasked === true };
    };

    expect([unitWith(true, true), unitWith(true, false), unitWith(false, true), unitWith(false, false)]).toEqual([
      { masked: true, half: false },
      { masked: false, half: true },
      { masked: false, half: true },
      { masked: false, half: false },
    ]);
  });
});
