/** Looks at a host: how many requests they are, and what is made of them. */
import { describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import type { Move } from './fake-program.ts';
import { hello, look, parts, run, scriptedHost, where } from './scripted-host.ts';

const seen = (changes?: Readonly<Record<string, unknown>>): readonly Move[] => [{ line: { done: look(changes) } }];
const acted = (...before: readonly Move[]): readonly Move[] => [...before, { line: { done: { result: null, look: look() } } }];
const verbs = (requests: readonly Readonly<Record<string, unknown>>[]) => requests.map(({ verb }) => verb);

describe('looks', () => {
  it('of one moment are one request, with all that any of them wants', async () => {
    const other = RunId.parse('restore-prod-000001');
    const places = {
      ...(look()['place'] as object),
      runs: {
        [run]: { snapshot: null, restored: null, aside: parts.entry, undone: null, paths: parts.paths },
        [other]: { snapshot: null, restored: null, aside: null, undone: null, paths: parts.paths },
      },
    };
    const h = scriptedHost({ answers: { look: [seen({ place: places })] } });

    const [unit, dir, has, free, style, facts] = await Promise.all([
      h.host.unit(),
      h.host.dir({ run, what: 'aside' }),
      h.host.has({ run: other, what: 'aside' }),
      h.host.freeBytes(),
      h.host.configuration(),
      h.host.preflight(),
    ]);

    expect(h.requests()).toEqual([
      { protocol: 1, id: 1, verb: 'look', etcd: 'etcd', arguments: { runs: [run, other], sizes: true, tools: true, certificates: true } },
    ]);
    expect(unit).toEqual({ activeState: 'active', masked: false, mainPid: 213, user: 'etcd', group: 'etcd' });
    expect(dir).toMatchObject({ exists: true, path: parts.paths.aside, identity: '2049:77', sizeBytes: 4_096 });
    expect([has, free]).toEqual([false, 10_000_000_000]);
    expect(style).toEqual(facts.configuration);
    expect(h.recorded).toEqual([
      expect.objectContaining({ argv: ['etcd-medic-host', 'look'], changes: false, exitCode: 0, output: '' }) as unknown,
    ]);
  });

  it('of two moments are two: nothing is remembered', async () => {
    const h = scriptedHost({ answers: { look: [seen(), seen({ free_bytes: 1 })] } });

    await h.host.freeBytes();

    expect(await h.host.freeBytes()).toBe(1);
    expect(h.channels()).toBe(1);
  });

  it('right after an act are the look that came with it, for a quarter of a second and as far as it goes', async () => {
    let nowMs = 1_000;
    const h = scriptedHost({ answers: { look: [seen({ free_bytes: 1 })], do: [acted()] } }, { monotonicMs: () => nowMs });
    await h.host.do({ act: 'stop' });

    nowMs += 249;
    expect(await h.host.freeBytes()).toBe(10_000_000_000);
    expect(verbs(h.requests())).toEqual(['do']);
    await h.host.dir('data');
    expect(verbs(h.requests())).toEqual(['do', 'look']);

    await h.host.do({ act: 'stop' });
    nowMs += 250;
    expect(await h.host.freeBytes()).toBe(1);
  });

  it('are not those of before while an act is under way', async () => {
    const h = scriptedHost(
      { answers: { look: [seen({ free_bytes: 1 })], do: [acted(), acted({ waitMs: 100 })] } },
      { monotonicMs: () => 0 },
    );
    await h.host.do({ act: 'stop' });

    const [, free] = await Promise.all([h.host.do({ act: 'restart' }), h.host.freeBytes()]);

    expect(free).toBe(1);
  });

  it('are not those of an act that ended while the next one was asked for already', async () => {
    const second = acted({ waitMs: 150 });
    const h = scriptedHost({ answers: { look: [seen({ free_bytes: 1 })], do: [acted(), second] } }, { monotonicMs: () => 0 });

    const acts = [h.host.do({ act: 'stop' }), h.host.do({ act: 'restart' })];
    await acts[0];
    const free = await h.host.freeBytes();
    await Promise.all(acts);

    expect(free).toBe(1);
  });

  it('are made once more over a new channel when the host was rebooted since', async () => {
    const h = scriptedHost([{ answers: { look: [seen(), [{ exit: 255 }]] } }, { answers: { look: [seen({ free_bytes: 2 })] } }]);
    await h.host.freeBytes();

    const found = await Promise.all([h.host.freeBytes(), h.host.reach('10.0.0.32', 2380).catch(() => 'asked')]);

    expect(found).toEqual([2, 'asked']);
    expect(h.channels()).toBe(2);
  });

  it('are not made a third time', async () => {
    const broken = { answers: { look: [[{ exit: 255 }] as const] } };
    const h = scriptedHost([{ answers: { look: [seen(), [{ exit: 255 }]] } }, broken, broken]);
    await h.host.freeBytes();

    await expect(h.host.freeBytes()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(h.channels()).toBe(2);
  });

  it.each([
    ['without its state', { state: undefined }],
    ['with a negative size', { free_bytes: -1 }],
    ['with a path that runs the other way', { data_dir: '/data/\u202Eatad' }],
    ['with a process that is no number', { processes: ['1; rm'] }],
  ])('are refused %s', async (_, changes) => {
    const h = scriptedHost({ answers: { look: [seen(changes)] } });

    await expect(h.host.unit()).rejects.toMatchObject({ code: 'HOST_OUTPUT_UNKNOWN', message: expect.stringContaining('look') as string });
  });

  it('show names beside the data without what misleads', async () => {
    const place = { ...(look()['place'] as object), beside: ['/data/etcd/data.\u001B[2J\u202Ex'] };
    const h = scriptedHost({ answers: { look: [seen({ place })] } });

    expect(await h.host.beside()).toEqual(['/data/etcd/data.  x']);
  });
});

it('what a database holds keeps all digits', async () => {
  const facts = { revision: '9223372036854775807', totalKeys: 5, totalSize: 20_480, hash: '8a1f' };
  const h = scriptedHost({ answers: { database: [[{ line: { done: facts } }], [{ line: { done: null } }]] } });

  expect(await h.host.restored({ run, what: 'restored' })).toEqual({
    revision: 9_223_372_036_854_775_807n,
    totalKeys: 5,
    totalSizeBytes: 20_480,
    hash: '8a1f',
  });
  expect(await h.host.restored('data')).toBeUndefined();
  expect(h.requests().map((request) => request['arguments'])).toEqual([{ of: 'restored', of_run: run }, { of: 'data' }]);
});

it('settings are what they were before, or what etcd takes without them', async () => {
  const before = { initial_cluster_state: 'new', initial_cluster_token: null };
  const h = scriptedHost({ answers: { 'settings-before': [[{ line: { done: { before } } }], [{ line: { done: { before: null } } }]] } });
  const wanted = { initialClusterState: 'existing', initialClusterToken: 'x', initialCluster: 'a=https://b:2380' } as const;

  expect(await h.host.settingsBefore(wanted)).toEqual({ initialClusterState: 'new', initialClusterToken: 'etcd-cluster' });
  expect(await h.host.settingsBefore(wanted)).toBeUndefined();
});

it('settings stand when each has its value and systemd knows', async () => {
  const state = { ...(look()['state'] as object), needs_reload: true };
  const h = scriptedHost({ answers: { look: [seen(), seen(), seen({ state })] } });

  expect(await h.host.configured({ initialClusterState: 'new' })).toEqual({ holds: true });
  expect(await h.host.configured({ initialClusterState: 'existing', initialCluster: 'a=https://b:2380' })).toEqual({
    holds: false,
    because: `On ${where} initial-cluster-state is new in /etc/default/etcd, not existing, and initial-cluster is not set, not a=https://b:2380.`,
  });
  expect(await h.host.configured({ initialClusterState: 'new' })).toMatchObject({ holds: false });
});

it('after closing nothing is asked any more', async () => {
  const h = scriptedHost({ hello: [hello], answers: { look: [seen()] } });
  await h.host.unit();
  await h.close();

  await expect(h.host.unit()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  expect(h.channels()).toBe(1);
});

it('a port is not asked for by an address that is none', async () => {
  const h = scriptedHost({});

  await expect(h.host.reach('-x', 1)).rejects.toMatchObject({ code: 'ARGUMENT_UNSAFE' });
  await expect(h.host.reach('10.0.0.1', 0)).rejects.toMatchObject({ code: 'ARGUMENT_UNSAFE' });
  expect(h.channels()).toBe(0);
});
