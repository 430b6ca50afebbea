/** API 2 of the cluster in memory: a store of its own, which the snapshots of API 3 know nothing of. */
import { OpsError } from '../../src/errors.ts';
import type { EtcdV2 } from '../../src/etcd/v2.ts';
import type { MemberName } from '../../src/ids.ts';
import type { Effects } from './effects.ts';
import type { Data } from './machine.ts';

interface FakeV2Deps {
  readonly effects: Effects;
  /** The data of every member that takes a write; throws without quorum. */
  readonly writable: () => readonly Data[];
  readonly dataOf: (member: MemberName) => Data | undefined;
}

/** Makes it over the members' data. */
export function fakeEtcdV2({ effects, writable, dataOf }: FakeV2Deps): EtcdV2 {
  return {
    async put(key, value) {
      const all = writable();
      effects.perform(`putV2 ${key}`, {
        whole: () => {
          for (const data of all) data.v2Keys.set(key, value);
          return true;
        },
      });
      return { index: BigInt(all[0]?.v2Keys.size ?? 0) };
    },
    async get(key) {
      const value = writable()[0]?.v2Keys.get(key);
      return value === undefined ? undefined : { type: 'value', value, modifiedIndex: 1n, createdIndex: 1n };
    },
    async contents(from) {
      effects.assertAlive();
      const data = dataOf(from);
      if (data === undefined) throw new OpsError('ETCD_UNREACHABLE', `${from} does not answer.`);
      return {
        keys: data.v2Keys.size,
        digest: JSON.stringify([...data.v2Keys].toSorted(([one], [other]) => (one < other ? -1 : 1))),
        index: BigInt(data.v2Keys.size),
      };
    },
    async settle() {
      writable();
      return { raftIndex: 10n };
    },
    commands: {
      put: (key, value) => ({ on: 'bot', argv: ['env', 'ETCDCTL_API=2', 'etcdctl', 'set', key, value] }),
      settle: () => ({ on: 'bot', argv: ['env', 'ETCDCTL_API=2', 'etcdctl', 'ls', '--quorum', '/'] }),
    },
  };
}
