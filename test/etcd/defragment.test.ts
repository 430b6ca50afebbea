import { GRPCDeadlineExceededError, GRPCUnavailableError } from 'etcd3';
import type { Etcd3 } from 'etcd3';
import { describe, expect, it } from 'vitest';
import { etcdCommands } from '../../src/etcd/commands.ts';
import type { Act } from '../../src/etcd/commands.ts';
import { answersFromStore, defragment, defragmentLimitMs } from '../../src/etcd/defragment.ts';
import type { Endpoint } from '../../src/etcd/endpoint.ts';
import { MemberName } from '../../src/ids.ts';
import { fakeClock } from '../fakes/clock.ts';

const etcd01 = MemberName.parse('etcd01');
const gigabyte = 1_000_000_000;
const url = 'http://127.0.0.1:1';
const act: Act = async ({ work }) => await work();

const header = { member_id: '1', cluster_id: '2', revision: '3', raft_term: '4' };
const status = {
  header,
  version: '3.5.16',
  dbSize: String(gigabyte),
  dbSizeInUse: '1',
  leader: '1',
  isLearner: false,
  raftTerm: '1',
  raftIndex: '1',
  raftAppliedIndex: '1',
  errors: [],
};

/** A member of 1 GB whose defragmentation and reads end as told. */
function member(end: () => Promise<unknown>) {
  const asked: number[] = [];
  let closed = 0;
  const client = {
    maintenance: {
      status: () => Promise.resolve(status),
      defragment: () => {
        asked.push(0);
        return end();
      },
    },
    kv: { range: end },
  } as unknown as Etcd3;
  const endpoint: Endpoint = {
    member: etcd01,
    url,
    tls: undefined,
    permit: async () => undefined,
    call: async (limitMs, request) => {
      asked.push(limitMs);
      return await request(client, {});
    },
    callWithoutPassword: async (_, request) => await request(client, {}),
    dedicated: () => endpoint,
    close: () => void (closed += 1),
  };
  const commands = etcdCommands({ members: [{ name: etcd01, clientUrl: url }], tls: undefined, user: undefined });
  return { deps: { endpoints: [endpoint], clock: fakeClock(), commands, act }, asked, closed: () => closed };
}

describe('defragment', () => {
  it('gives a member two minutes, and one more for each GB', async () => {
    const { deps, asked, closed } = member(() => Promise.resolve({ header }));

    await defragment(deps, etcd01);

    expect(asked).toEqual([2_000, 180_000, 0]);
    expect(closed()).toBe(1);
    expect(defragmentLimitMs(8 * gigabyte)).toBe(600_000);
  });

  it.each([
    ['a time limit', new GRPCDeadlineExceededError('4 DEADLINE_EXCEEDED: Deadline exceeded'), /did not end within 180 s/],
    ['a cut connection', new GRPCUnavailableError('14 UNAVAILABLE: Connection dropped'), /lost its connection/],
  ])('is asked once, and after %s says to watch the member', async (_, error, message) => {
    const { deps, asked, closed } = member(() => Promise.reject(error));

    await expect(defragment(deps, etcd01)).rejects.toMatchObject({
      code: 'ETCD_OUTCOME_UNKNOWN',
      message: expect.stringMatching(message) as string,
      hint: expect.stringContaining('Watch etcd01') as string,
    });

    expect(asked).toHaveLength(3);
    expect(closed()).toBe(1);
  });

  it('takes a read that is not answered within a second for a member at work', async () => {
    const late = new GRPCDeadlineExceededError('4 DEADLINE_EXCEEDED: Deadline exceeded');

    expect(await answersFromStore(member(() => Promise.reject(late)).deps, etcd01)).toBe(false);
    expect(await answersFromStore(member(() => Promise.resolve({ kvs: [] })).deps, etcd01)).toBe(true);
  });
});
