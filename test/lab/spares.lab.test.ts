/** Hosts beside the members of a lab. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { noTraces, tracesOf } from './traces.ts';

describe('a lab with a spare host', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'spares', etcd: '3.4', members: 1, spares: 1 });
  });
  afterAll(async () => {
    await lab.down();
    expect(await tracesOf('spares', lab.range)).toEqual(noTraces);
  });

  it('has it up and in no cluster, with certificates for its own address, before and after a reset', async () => {
    await lab.resetCluster();
    const [spare] = lab.spares;

    const members = (await lab.etcdctl(['member', 'list'])).stdout;
    const unit = await spare?.exec(['systemctl', 'is-active', 'etcd'], { reject: false });
    const seen = await lab.hosts[0]?.exec(['timeout', '3', 'bash', '-c', `</dev/tcp/${spare?.address}/22`]);

    expect(lab.hosts.map(({ name }) => name)).toEqual(['etcd01']);
    expect(lab.host('spare01')).toBe(spare);
    expect(members.split('\n')).toHaveLength(1);
    expect(unit?.stdout).toBe('inactive');
    expect(seen?.exitCode).toBe(0);
    expect(Object.keys(lab.botConfig()['clusters'] as object)).toHaveLength(1);
    expect(JSON.stringify(lab.botConfig())).not.toContain(spare?.address);
    expect(Object.keys(lab.pki.servers)).toEqual(['etcd01', 'spare01']);
  });
});
