/** What a host is asked, when, in whose name, and what of it is written down. */
import { describe, expect, it } from 'vitest';
import { mintApproval } from '../../src/engine/approval.ts';
import { createConceal } from '../../src/engine/conceal.ts';
import { RunId, UserId } from '../../src/ids.ts';
import type { Move } from './fake-program.ts';
import { ended, hello, look, operation, parts, run, scriptedHost, tenure, where } from './scripted-host.ts';

const seen = (changes?: Readonly<Record<string, unknown>>): readonly Move[] => [{ line: { done: look(changes) } }];
const acted = (...before: readonly Move[]): readonly Move[] => [...before, { line: { done: { result: null, look: look() } } }];
const stop = ['systemctl', 'stop', 'etcd.service'];
const verbs = (requests: readonly Readonly<Record<string, unknown>>[]) => requests.map(({ verb }) => verb);
const approvalOf = (plan: readonly { readonly on: string; readonly argv: readonly string[] }[]) =>
  mintApproval({ gateId: `${run}.1`, planDigest: 'test', approvedBy: [UserId.parse('U01ABCDEF')], plan });
const down = {
  state: { active: 'inactive', masked: true, masked_on_disk: true, needs_reload: false, main_pid: 0 },
  processes: [],
};

describe('looks', () => {
  it('of one moment are one request, with all that any of them wants', async () => {
    const other = RunId.parse('restore-prod-000001');
    const places = {
      ...(look()['place'] as object),
      runs: {
        [run]: { snapshot: null, restored: null, aside: parts.entry, paths: parts.paths },
        [other]: { snapshot: null, restored: null, aside: null, paths: parts.paths },
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
      { protocol: 1, id: 1, verb: 'look', etcd: 'etcd', arguments: { runs: [run, other], sizes: true, tools: true } },
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

describe('an act', () => {
  it('goes in the name of the run, after its permit, and gives the difference it made', async () => {
    const order: string[] = [];
    const permit = async () => void order.push(`permit after ${h.requests().length}`);
    const h = scriptedHost(
      { answers: { look: [seen()], do: [[{ line: { done: { result: { difference: '--- a\n+++ b\n' }, look: look() } } }]] } },
      { tenure: { ...tenure, permit } },
    );
    await h.host.unit();

    const { difference } = await h.host.do({
      act: 'settings',
      settings: { initialClusterState: 'existing', initialCluster: 'a=https://x:2380' },
    });

    expect(order).toEqual(['permit after 1']);
    expect(h.requests()[1]).toEqual({
      protocol: 1,
      id: 2,
      verb: 'do',
      etcd: 'etcd',
      run,
      epoch: 7,
      arguments: { act: { act: 'settings', initial_cluster_state: 'existing', initial_cluster: 'a=https://x:2380' } },
    });
    expect(difference).toBe('--- a\n+++ b\n');
  });

  it('is not asked for without the permit', async () => {
    const h = scriptedHost({}, { tenure: { ...tenure, permit: () => Promise.reject(new Error('taken over')) } });

    await expect(h.host.do({ act: 'stop' })).rejects.toThrow('taken over');
    expect(h.requests()).toEqual([]);
  });

  it('of a world that has no run is a mistake in the program', async () => {
    const h = scriptedHost({}, { tenure: undefined });

    await expect(h.host.do({ act: 'stop' })).rejects.toThrow('only a run may change something');
    expect(h.requests()).toEqual([]);
  });

  it('is never repeated, and what was cut is recorded without an exit code', async () => {
    const cut = [{ line: { begins: operation(...stop) } }, { exit: 255 }] as const;
    const h = scriptedHost([{ answers: { look: [seen()], do: [cut] } }, {}]);
    await h.host.unit();

    await expect(h.host.do({ act: 'stop' })).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('do stop') as string,
    });

    expect(h.channels()).toBe(1);
    expect(h.recorded.at(-1)).toEqual({
      on: 'etcd01',
      argv: ['sudo', ...stop],
      changes: true,
      durationMs: expect.any(Number) as number,
      output: '',
      outputBytes: 0,
      outputSha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    });
  });

  it('is recorded operation by operation, in order, without secrets', async () => {
    const said = 'token hunter2hunter2 was used';
    const h = scriptedHost(
      {
        answers: {
          do: [
            acted(
              { line: { begins: operation('systemctl', 'mask', 'etcd.service') } },
              { line: { ended: ended(['systemctl', 'mask', 'etcd.service'], 'Created symlink') } },
              { line: { begins: operation(...stop) } },
              { line: { ended: ended(stop, said) } },
            ),
          ],
        },
      },
      { conceal: createConceal(['hunter2hunter2']) },
    );

    await h.host.do({ act: 'stop' });

    expect(h.recorded.map(({ argv }) => argv.join(' '))).toEqual(['sudo systemctl mask etcd.service', 'sudo systemctl stop etcd.service']);
    expect(h.recorded[0]).toMatchObject({ exitCode: 0, durationMs: 12, output: 'Created symlink', outputSha256: 'e'.repeat(64) });
    expect(h.recorded[1]?.output).toBe('token [secret] was used');
    expect(h.recorded[1]?.outputSha256).not.toBe('e'.repeat(64));
  });

  it('shows at most so much of what an operation said', async () => {
    const flood = { ...ended(['a'], 'x'.repeat(100_000)) };
    const h = scriptedHost({ answers: { do: [acted({ line: { ended: flood } })] } });

    await h.host.do({ act: 'stop' });

    expect(h.recorded[0]?.output.length).toBeLessThan(9_000);
    expect(h.recorded[0]?.outputBytes).toBe(100_000);
  });

  it('that restores is given time by the size of the file', async () => {
    const place = {
      ...(look()['place'] as object),
      runs: { [run]: { snapshot: { ...parts.entry, type: 'file', bytes: 1 }, restored: null, aside: null, paths: parts.paths } },
    };
    const h = scriptedHost({ answers: { look: [seen({ place })], do: [acted()] } });

    await h.host.do({
      act: 'restore',
      order: {
        memberName: h.host.member,
        peerUrl: 'https://a:2380',
        initialCluster: 'etcd01=https://a:2380',
        initialClusterToken: 't',
        bumpRevisionBy: 1_000_000_000n,
        withoutHashCheck: { sha256: 'f'.repeat(64) },
      },
    });

    expect(verbs(h.requests())).toEqual(['look', 'do']);
    expect(h.requests()[1]?.['arguments']).toEqual({
      act: {
        act: 'restore',
        name: 'etcd01',
        peer_url: 'https://a:2380',
        initial_cluster: 'etcd01=https://a:2380',
        initial_cluster_token: 't',
        bump_revision: '1000000000',
        skip_hash_check: true,
        sha256: 'f'.repeat(64),
      },
    });
  });
});

describe('an act that destroys', () => {
  const plan = [
    { on: 'etcd01', argv: ['sudo', 'mv', '-nT', 'a', 'b'] },
    { on: 'etcd02', argv: ['sudo', 'mv', '-nT', 'c', 'd'] },
  ];

  it('carries what was approved for this host', async () => {
    const h = scriptedHost({ answers: { look: [seen(down)], do: [[{ line: { done: { result: null, look: look(down) } } }]] } });

    await h.host.destroy({ act: 'fence' }, approvalOf(plan));
    await h.host.destroy({ act: 'put-back', earlier: RunId.parse('restore-prod-000001') }, approvalOf(plan));

    const acts = h.requests().filter(({ verb }) => verb === 'do');
    expect(acts.map((act) => act['arguments'])).toEqual([
      { act: { act: 'fence' }, approved: [['mv', '-nT', 'a', 'b']] },
      { act: { act: 'put-back', of_run: 'restore-prod-000001' }, approved: [['mv', '-nT', 'a', 'b']] },
    ]);
  });

  it.each(['swap', 'put-aside'] as const)('is not even asked for while etcd is not proven to be stopped: %s', async (act) => {
    const h = scriptedHost({ answers: { look: [seen()] } });

    await expect(h.host.destroy({ act }, approvalOf(plan))).rejects.toMatchObject({
      code: 'FENCE_FAILED',
      message: expect.stringContaining('etcd is active') as string,
    });
    expect(verbs(h.requests())).toEqual(['look']);
  });

  it('is refused by the host when something else would be done now', async () => {
    const error = { code: 'HOST_PLAN_MOVED', message: 'Nothing was done: `rm -rf /` would be done now, and was not approved.' };
    const h = scriptedHost({ answers: { do: [[{ line: { error } }]] } });

    await expect(h.host.destroy({ act: 'delete-aside' }, approvalOf([]))).rejects.toMatchObject({
      code: 'HOST_PLAN_MOVED',
      retry: 'later',
    });
  });
});

describe('a plan', () => {
  const planned = (...plans: readonly unknown[]): readonly Move[] => [{ line: { done: { plans } } }];
  const one = { operations: [operation('mv', '-nT', 'a', 'b'), { ...operation('mkdir', 'c'), as: 'etcd' }] };

  it('has the commands of each act as a person types them, and not those of what is assumed', async () => {
    const h = scriptedHost({ answers: { plan: [planned({ operations: [operation('x')] }, one, { operations: [] })] } });

    const plans = await h.host.plan([{ act: 'swap' }, { act: 'unmask-start' }], [{ act: 'fence' }]);

    expect(plans).toEqual([
      [
        { on: 'etcd01', argv: ['sudo', 'mv', '-nT', 'a', 'b'] },
        { on: 'etcd01', argv: ['sudo', '-u', 'etcd', '-g', 'etcd', 'mkdir', 'c'] },
      ],
      [],
    ]);
    expect(h.requests()[0]).toMatchObject({ run, arguments: { acts: [{ act: 'fence' }, { act: 'swap' }, { act: 'unmask-start' }] } });
    expect(h.requests()[0]).not.toHaveProperty('epoch');
  });

  it('is made for a question too, which changes nothing', async () => {
    const h = scriptedHost({ answers: { plan: [planned(one)] } }, { tenure: undefined });

    expect(await h.host.plan([{ act: 'stop' }])).toHaveLength(1);
  });

  it('is refused with the host’s sentence, also where what is assumed is refused too', async () => {
    const h = scriptedHost({ answers: { plan: [planned({ refused: 'not so' }, { refused: 'there is nothing to put in' })] } });

    await expect(h.host.plan([{ act: 'swap' }], [{ act: 'fence' }])).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: `${where}: there is nothing to put in.`,
    });
  });

  it('stands when only what is assumed is refused', async () => {
    const h = scriptedHost({ answers: { plan: [planned({ refused: 'not so' }, one)] } });

    expect(await h.host.plan([{ act: 'swap' }], [{ act: 'fence' }])).toHaveLength(1);
  });

  it.each([
    ['of another number of acts', planned(one)],
    ['of a command that shows something else', planned(one, { operations: [operation('rm', 'a\u202Eb')] })],
  ])('is refused %s', async (_, moves) => {
    const h = scriptedHost({ answers: { plan: [moves] } });

    await expect(h.host.plan([{ act: 'fence' }, { act: 'swap' }])).rejects.toMatchObject({ code: 'HOST_OUTPUT_UNKNOWN' });
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
