/** The procedures whose hosts are made to fail, each with what must hold while it is stopped and what it must have brought at the end. */
import { expect } from 'vitest';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { membersOf, storedBy, votersOf } from '../e2e/replacing.ts';
import { valueOf } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';
import { besideData } from './effects.ts';
import type { Endangered } from './failing-hosts.ts';

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
