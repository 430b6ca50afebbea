/** Brings a backup of API 2 to the member that takes it, beside its data-dir: handed over, unpacked, and in the end removed again. */
import type { PlannedCommand } from '../../engine/command.ts';
import { that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { ChangeStep } from '../../engine/step.ts';
import type { Delivery, HostAct } from '../../host/host.ts';
import { nothing, planOn } from '../host-plans.ts';
import { placeOf } from '../replacing/joining-host.ts';
import type { PreparedV2Restore } from '../v2-restore.ts';
import type { World } from '../world.ts';

type Body = Omit<ChangeStep, 'kind' | 'id' | 'title'>;

const unpack = { act: 'v2-unpack' } as const;

/** The bodies of the steps, and what they do for the plans of later ones. */
export function handingSteps({ first, backup, sha256 }: PreparedV2Restore, world: World) {
  const { host } = placeOf(world, first);
  const handedOut = { run: world.runId, what: 'snapshot' } as const;
  const delivery = async (): Promise<Delivery> => {
    const { path, bytes } = await world.snapshots.v2.find(backup);
    return { localPath: path, bytes, sha256 };
  };
  const receive = async () => ({ act: 'receive', delivery: await delivery() }) as const;
  const plan = (act: HostAct, before: readonly HostAct[] = []): Promise<readonly PlannedCommand[]> =>
    planOn(
      [host],
      () => [act],
      () => before,
    );
  return {
    handOut: {
      plan: async () => plan(await receive()),
      run: async ({ progress }) => host.handOver(await delivery(), progress),
      verify: async () => that(await host.has(handedOut), `${first} does not have the backup yet.`),
    } satisfies Body,
    unpack: {
      plan: async () => plan(unpack, [await receive()]),
      run: async () => {
        await host.do(unpack);
      },
      verify: async () => that(await host.has({ run: world.runId, what: 'restored' }), `There is no unpacked backup on ${first} yet.`),
    } satisfies Body,
    made: async (): Promise<readonly HostAct[]> => [await receive(), unpack],
    /** The backup need not be there any more where the host has the file. */
    planRemoval: async () => plan({ act: 'remove-scratch' }, (await host.has(handedOut)) ? nothing(host) : [await receive()]),
    remove: async () => {
      await host.do({ act: 'remove-scratch' });
    },
    removed: async (): Promise<Finding> => that(!(await host.has(handedOut)), `${first} still has the handed-out backup.`),
  };
}
