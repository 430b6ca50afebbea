/** Hosts in memory hold what real ones hold: nothing is destroyed that was not shown. */
import { describe, expect, it } from 'vitest';
import { mintApproval } from '../../src/engine/approval.ts';
import type { PlannedCommand } from '../../src/engine/command.ts';
import { makeDir } from './machine.ts';
import { pathsOf } from './operation.ts';
import { fakeWorld } from './world.ts';

const fence = { act: 'fence' } as const;
const swap = { act: 'swap' } as const;
const approvalOf = (plan: readonly PlannedCommand[]) => mintApproval({ gateId: 'g.1', planDigest: '', plan, approvedBy: [] });

function restorable() {
  const world = fakeWorld({ members: 1 });
  const [host] = world.hosts;
  if (host === undefined) throw new Error('no host');
  world.machine('etcd01').dirs.set(pathsOf(world.site, world.runId).restored, makeDir(world.site, undefined));
  return { world, host, machine: world.machine('etcd01') };
}

describe('a host in memory', () => {
  it('plans each act as if those before it had been done, and does nothing', async () => {
    const { world, host, machine } = restorable();

    const plans = await host.plan([fence, swap, { act: 'delete-aside' }]);

    expect(plans.map((plan) => plan.length)).toEqual([2, 2, 1]);
    expect([machine.unit, machine.dirs.size, world.effects.begun]).toEqual([{ active: true, masked: false }, 2, 0]);
  });

  it('carries out what is left of what was approved', async () => {
    const { world, host, machine } = restorable();
    const approval = approvalOf((await host.plan([fence, swap])).flat());
    machine.unit.masked = true;

    await host.destroy(fence, approval);
    await host.destroy(swap, approval);

    expect(world.effects.log).toEqual(['stopAndMask etcd01', 'swapDataDir etcd01']);
    await expect(host.destroy(swap, approvalOf([]))).resolves.toBeUndefined();
  });

  it.each([
    ['nothing of it was shown', () => []],
    ['it was shown of another host', (plan: readonly PlannedCommand[]) => plan.map((command) => ({ ...command, on: 'etcd02' }))],
    ['it was shown in another order', (plan: readonly PlannedCommand[]) => plan.toReversed()],
  ])('refuses when %s', async (_, shown) => {
    const { world, host } = restorable();
    const approval = approvalOf(shown((await host.plan([fence])).flat()));

    await expect(host.destroy(fence, approval)).rejects.toMatchObject({ code: 'HOST_PLAN_MOVED' });
    expect(world.effects.log).toEqual([]);
  });

  it('refuses a swap when its data-dir went away after the approval', async () => {
    const { host, world, machine } = restorable();
    const approval = approvalOf((await host.plan([fence, swap])).flat());
    machine.dirs.delete(world.site.dataDir);
    await host.destroy(fence, approval);

    await expect(host.destroy(swap, approval)).rejects.toMatchObject({ code: 'HOST_PLAN_MOVED' });
  });
});
