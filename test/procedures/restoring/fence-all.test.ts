import { describe, expect, it } from 'vitest';
import { mintApproval } from '../../../src/engine/approval.ts';
import { MemberId } from '../../../src/ids.ts';
import { fenceAll } from '../../../src/procedures/restoring/fence-all.ts';
import { fakeWorld } from '../../fakes/world.ts';

const commands = ['etcd01', 'etcd02', 'etcd03'].flatMap((on) =>
  ['mask', 'stop'].map((verb) => ({ on, argv: ['systemctl', verb, 'etcd'] })),
);
const approval = mintApproval({ gateId: 'g.1', planDigest: '', plan: commands, approvedBy: [] });

describe('fenceAll', () => {
  it('stops the member that leads after all others', async () => {
    const world = fakeWorld();
    const membership = world.site.memberships.get('etcd-cluster');
    if (membership === undefined) throw new Error('no membership');
    membership.leader = MemberId.parse('a0');

    await fenceAll(world, approval);

    expect(world.effects.log).toEqual(['stopAndMask etcd02', 'stopAndMask etcd03', 'stopAndMask etcd01']);
  });

  it('stops all where nobody leads', async () => {
    const world = fakeWorld();
    world.loseData('etcd02');
    world.loseData('etcd03');

    await fenceAll(world, approval);

    expect(world.effects.log.toSorted()).toEqual(['stopAndMask etcd01', 'stopAndMask etcd02', 'stopAndMask etcd03']);
  });

  it('refuses when one member is not proven to be stopped', async () => {
    const world = fakeWorld();
    const hosts = world.hosts.map((host) =>
      host.member === 'etcd03' ? { ...host, fenced: async () => ({ holds: false, because: 'etcd03 runs on.' }) as const } : host,
    );

    await expect(fenceAll({ ...world, hosts }, approval)).rejects.toMatchObject({
      code: 'FENCE_FAILED',
      message: expect.stringContaining('etcd03 runs on'),
    });
  });
});
