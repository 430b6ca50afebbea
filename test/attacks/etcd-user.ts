/** What a taken-over etcd has at hand: a target, its user's way to the program, a file to hand over, and an order for a restore. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { attack } from './record.ts';
import { act, ask, codes, data, run, useTarget } from './target.ts';

const content = randomBytes(3_000);
export const sha256 = createHash('sha256').update(content).digest('hex');
export const receive = () => act('receive', { bytes: content.length, sha256 });
export const blocks = Buffer.concat([Buffer.from(`${content.length}\n`), content, Buffer.from('0\n')]);
export const order = {
  name: 'etcd01',
  peer_url: 'https://198.51.100.1:2380',
  initial_cluster: 'etcd01=https://198.51.100.1:2380',
  initial_cluster_token: 'x',
};
const approvedFence = [
  ['systemctl', 'mask', 'etcd.service'],
  ['systemctl', 'stop', 'etcd.service'],
];

/** A lab of this name, and what its etcd's user can do there. */
export function useEtcdUser(name: string) {
  const on = useTarget(name, '3.5', { dataDirSizeMiB: 400 });
  const etcd = (tried: string, task: () => Promise<string>) => attack(on, 'etcd', tried, task);
  const looks = async (args: object = {}) => await on.talkAsOps([ask('look', { runs: [run], ...args })]);
  const tidy = async () => await on.asRoot(`rm -rf ${data}.*; ls -A /data/etcd`);
  /** With the unit down and masked meanwhile. */
  const fenced = async (task: () => Promise<void>) => {
    on.mayChange('/etc/systemd/system');
    expect(codes(await on.talkAsOps([act('fence', {}, { run, approved: approvedFence })]))).toEqual(['done']);
    try {
      await task();
    } finally {
      await on.asRoot('systemctl unmask etcd; systemctl start --no-block etcd');
      await on.lab.waitHealthy();
    }
  };
  return { on, etcd, looks, tidy, fenced };
}
