/** The procedures whose hosts are made to fail, each with what must hold while it is stopped and what it must have brought at the end. */
import { expect } from 'vitest';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { membersOf, storedBy, votersOf } from '../e2e/replacing.ts';
import { valueOf } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';
import { alarms, fill, setQuota } from '../stage/quota.ts';
import { besideData, defragmentations } from './effects.ts';
import type { Endangered } from './failing-hosts.ts';

/** Small, so that it is soon full. */
const quotaBytes = 32 * 1024 * 1024;

const names = async (stage: Stage, host: string) => (await stage.lab.host(host).exec(['ls', '-A', '/data/etcd'])).stdout.split('\n');

/** A restore of a cluster that only etcd01 still has data of. */
export function endangeredRestore(stage: Stage): Endangered {
  return {
    stage,
    procedure: 'restore',
    words: 'restore demo',
    safe: async (run) => {
      const there = await names(stage, 'etcd01');
      expect(there.some((name) => name === `data.${run}.old` || name === 'data')).toBe(true);
    },
    proof: async () => expect(await valueOf(stage, '/name/1')).toBe('test'),
  };
}

/** A key, and a third member that cannot start any more. */
export async function spoilThird(stage: Stage): Promise<void> {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await stage.lab.host('etcd03').fault('corrupt-data');
  await stage.lab.host('etcd03').exec(['systemctl', 'start', 'etcd'], { reject: false });
}

/** The replacement of etcd03 in a cluster of three that goes on with two. */
export function endangeredReplacement(stage: Stage): Endangered {
  return {
    stage,
    procedure: 'replace-member',
    words: 'replace-member demo etcd03',
    // Whatever happens to another host: the members that are to stay keep what they have.
    safe: async () => expect(await names(stage, 'etcd01')).toEqual(['data']),
    proof: async (run) => {
      expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
      expect(await membersOf(stage)).toHaveLength(3);
      for (const { clientUrl } of stage.lab.hosts) expect(await storedBy(stage, clientUrl, '/name/1')).toBe('test');
      expect(await besideData(stage)).toEqual({ etcd01: '', etcd02: '', etcd03: `data.${run}.old` });
    },
  };
}

/** A key that no backup holds, and two members that have lost their data: only etcd01 has it. */
export async function leaveOne(stage: Stage): Promise<void> {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'in no backup']);
  for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
}

/** The recovery of the quorum from etcd01, the only member that still has the data. */
export function endangeredRecovery(stage: Stage): Endangered {
  return {
    stage,
    procedure: 'recover-quorum',
    words: 'recover-quorum demo',
    way: 'survivor',
    // The survivor's data is where it was, or set aside by this run; while its host is off nobody can do anything to it.
    safe: async (run) => {
      if (!(await stage.lab.host('etcd01').isOn())) return;
      const there = await names(stage, 'etcd01');
      expect(there.some((name) => name === `data.${run}.old` || name === 'data')).toBe(true);
    },
    proof: async (run) => {
      expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
      for (const { clientUrl } of stage.lab.hosts) expect(await storedBy(stage, clientUrl, '/name/1')).toBe('in no backup');
      expect(await besideData(stage)).toEqual(Object.fromEntries(stage.lab.hosts.map(({ name }) => [name, `data.${run}.old`])));
    },
  };
}

/** A cluster that refuses writes: history has filled its quota. */
export async function fillUp(stage: Stage): Promise<void> {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
  await setQuota(stage, quotaBytes);
  await fill(stage);
}

/** The recovery of its space. Make it when the cluster is full: what it counts begins now. */
export function endangeredSpace(stage: Stage): Endangered {
  const begunAt = new Date();
  return {
    stage,
    procedure: 'recover-space',
    words: 'recover-space demo',
    safe: async () => expect(await names(stage, 'etcd01')).toEqual(['data']),
    proof: async () => {
      await stage.lab.etcdctl(['put', '/name/1', 'again']);
      expect(await valueOf(stage, '/name/1')).toBe('again');
      expect(await alarms(stage)).toBe('');
      expect(await defragmentations(stage, begunAt)).toEqual({ etcd01: 1, etcd02: 1, etcd03: 1 });
    },
  };
}
