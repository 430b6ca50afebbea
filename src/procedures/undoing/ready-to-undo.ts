/** Looks at all hosts at once before an undo touches anything, and names everything that is wrong in one go. */
import { bytesNeeded } from '../../checkup/room.ts';
import { allOf, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { readyToMove } from '../host-readiness.ts';
import type { MovingData } from '../host-readiness.ts';
import type { World } from '../world.ts';

/** ssh, the owner's leave for all that an undo will do, settings, ports, the version, the certificates, and room to write again: nothing is copied. */
export async function readyToUndo(world: Pick<World, 'hosts' | 'cluster' | 'clock' | 'etcd'>): Promise<Finding> {
  const moving: MovingData = { purposes: ['undo'], neededBytes: bytesNeeded(0), look: await world.etcd.look() };
  return allOf(
    await Promise.all(
      world.hosts.map((host) =>
        readyToMove(host, world, moving, ({ sight: { serverVersion, unit, configuration } }) =>
          holds(`${host.member} is ready: etcd ${serverVersion}, unit ${unit.activeState}, settings in ${configuration.file}.`),
        ),
      ),
    ),
  );
}
