/** What changes a host: in whose name, after which permit and approval, and what of it is written down. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mintApproval } from '../../src/engine/approval.ts';
import { createConceal } from '../../src/engine/conceal.ts';
import { MemberName, RunId, UserId } from '../../src/ids.ts';
import type { Move } from './fake-program.ts';
import { ended, look, operation, parts, run, scriptedHost, tenure, where } from './scripted-host.ts';

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
      runs: {
        [run]: { snapshot: { ...parts.entry, type: 'file', bytes: 1 }, restored: null, aside: null, undone: null, paths: parts.paths },
      },
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

  it.each(['swap', 'put-aside'] as const)('is not even asked for while something answers on a port: %s', async (act) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const member = { name: MemberName.parse('etcd01'), host: '192.0.2.1', clientUrl: 'https://127.0.0.1:1' };
    const h = scriptedHost({}, { members: [{ ...member, peerUrl: `https://127.0.0.1:${port}` }] });

    await expect(h.host.destroy({ act }, approvalOf(plan))).rejects.toMatchObject({
      code: 'FENCE_FAILED',
      message: expect.stringContaining(`peer port ${port} is open`) as string,
    });
    expect(h.requests()).toEqual([]);
    server.close();
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
