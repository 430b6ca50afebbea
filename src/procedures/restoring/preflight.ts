/** Looks at all hosts at once before a restore touches anything, and names everything that is wrong in one go. */
import { findingOf } from '../../checkup/check.ts';
import { clockRemark } from '../../checkup/clocks.ts';
import type { HostSeen } from '../../checkup/host.ts';
import { bytesNeeded } from '../../checkup/room.ts';
import { fittingTool, toolChecks } from '../../checkup/tools.ts';
import { allOf, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { bytesInWords, list } from '../../engine/words.ts';
import { OpsError } from '../../errors.ts';
import type { Host, RestoreTool } from '../../host/host.ts';
import type { SnapshotFile } from '../../snapshots/snapshots.ts';
import { readyToMove } from '../host-readiness.ts';
import type { MovingData } from '../host-readiness.ts';
import type { World } from '../world.ts';

/** A host with the tool that restores there. */
export interface ReadyHost {
  readonly host: Host;
  readonly tool: RestoreTool;
}

type PreflightWorld = Pick<World, 'hosts' | 'cluster' | 'clock' | 'etcd'>;

/** Reads every host, in parallel; throws nothing for a host that is not ready: the finding names each with its reason. */
export async function preflight(world: PreflightWorld, snapshot: Pick<SnapshotFile, 'bytes'>): Promise<Finding> {
  const look = await world.etcd.look();
  const moving: MovingData = { purposes: ['restore'], neededBytes: bytesNeeded(snapshot.bytes), look };
  return allOf(await Promise.all(world.hosts.map((host) => readyToMove(host, world, moving, (seen) => readyInWords(host, seen)))));
}

/** The tool of every host. @throws OpsError HOST_TOOL_MISSING, and HOST_* when a host cannot be asked */
export async function toolsOf(hosts: readonly Host[]): Promise<readonly ReadyHost[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const sight = await host.sight();
      const tool = fittingTool(sight);
      if (tool !== undefined) return { host, tool };
      const found = findingOf(toolChecks(host.member, sight));
      throw new OpsError('HOST_TOOL_MISSING', found.holds ? `${host.member} has no tool that restores.` : found.because);
    }),
  );
}

function readyInWords({ member }: Host, { sight }: HostSeen): Finding {
  const tool = fittingTool(sight);
  const clock = clockRemark(sight.clockOffsetMs);
  const remarks = [
    `${member} is ready: etcd ${sight.serverVersion ?? 'unknown'}, ${tool?.program} ${tool?.version}, unit ${sight.unit.activeState}, ${bytesInWords(sight.freeBytes)} free, settings in ${sight.configuration.file}.`,
    ...(clock.holds ? [] : [clock.because]),
  ];
  return holds(remarks.join(' '));
}

/** Whether every host's tool can raise the revision after a restore, and the sentence for the thread when it cannot. */
export function bumpRemark(ready: readonly ReadyHost[]): { readonly can: boolean; readonly remark: string } {
  const cannot = ready
    .filter(({ tool }) => !tool.canBumpRevision)
    .map(({ host, tool }) => `${host.member} (${tool.program} ${tool.version})`);
  if (cannot.length === 0)
    return { can: true, remark: 'Revisions go on above the highest one known (--bump-revision, --mark-compacted), so watchers notice.' };
  return {
    can: false,
    remark: `Revisions go on from the file’s, so that those of what is lost are given out again, because --bump-revision came with 3.4.27 and 3.5.10 and is not there on ${list(cannot)}. Restart everything that watches this cluster, Kubernetes' apiservers and controllers above all.`,
  };
}
