/** One host over ssh: puts the parts of this folder together behind `Host`. */
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import { OpsError } from '../errors.ts';
import { lookAsRoot, planned } from './command.ts';
import { configure, configureCommands, configuredFinding, readConfiguration } from './configuration.ts';
import { readDir } from './directory.ts';
import { fenced } from './fence.ts';
import type { Host, HostCommands } from './host.ts';
import * as limits from './limits.ts';
import { runPaths } from './paths.ts';
import { createPermissionCheck } from './permissions.ts';
import { preflight } from './preflight.ts';
import { lookAtPort } from './ports.ts';
import { parseSha256, receive, receiveCommands } from './receive.ts';
import { restoreCommands, restored, restoreSnapshot } from './restore.ts';
import { deleteAside, deleteAsideCommands, removeRestored, removeRestoredCommands, removeScratchCommands } from './scratch.ts';
import type { Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import { swapCommands, swapDataDir } from './swap.ts';
import { readTool } from './tool.ts';
import { ownerOf, readUnit, unitState } from './unit.ts';
import { stopAndMask, stopAndMaskCommands, unmaskAndStart, unmaskAndStartCommands } from './unit-acts.ts';

export interface RemoteHostDeps {
  readonly shell: Shell;
  readonly member: MemberName;
  readonly address: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly unit: string;
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** Makes the host; asks it nothing yet. */
export function createRemoteHost(deps: RemoteHostDeps): Host {
  const { shell, member, address, unit, dataDir } = deps;
  const fence = { shell, unit, clientUrl: deps.clientUrl, peerUrl: deps.peerUrl, probe: lookAtPort };
  const paths: Host['paths'] = (run) => runPaths(dataDir, run);
  const permitted = createPermissionCheck(shell);
  const readSettings = async () => readConfiguration(shell, unit, await readUnit(shell, unit));
  /** The tool of the version that the unit starts, and the user it starts it as. */
  const readRestorer = async () => {
    const { settings, reading } = await readSettings();
    const [tool, owner] = await Promise.all([readTool(shell, settings.program), ownerOf(shell, reading)]);
    return { tool, owner };
  };
  return {
    member,
    address,
    unitName: unit,
    dataDir,
    paths,
    preflight: () => preflight({ ...deps, permitted }),
    unit: async () => unitState(shell, await readUnit(shell, unit)),
    dir: (path) => readDir(shell, dataDir, path),
    fenced: () => fenced(fence),
    async fileSha256(path) {
      const there = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))).at(path);
      if (there === undefined) return undefined;
      return parseSha256(await shell.run(lookAsRoot('sha256sum', path), { limitMs: limits.dataLimitMs(there.sizeBytes) }));
    },
    async restored(dir) {
      const { tool, owner } = await readRestorer();
      return restored(deps, dir, tool, owner);
    },
    configured: async (settings) => configuredFinding(shell.where, await readSettings(), settings),
    receive: (delivery, progress) => receive(deps, delivery, progress),
    async restoreSnapshot(order) {
      const { tool, owner } = await readRestorer();
      await restoreSnapshot(deps, order, tool, owner);
    },
    configure: (settings) => configure(shell, unit, settings),
    unmaskAndStart: () => unmaskAndStart(shell, unit),
    async removeScratch(run) {
      await shell.session(removeScratchCommands(paths(run)), { limitMs: limits.deleteLimitMs });
    },
    removeRestored: (run) => removeRestored({ shell, dataDir, paths: paths(run) }),
    stopAndMask: () => stopAndMask(shell, unit),
    async swapDataDir(run) {
      const finding = await fenced(fence);
      if (!finding.holds)
        throw new OpsError(
          'FENCE_FAILED',
          `The data-dir on ${shell.where} is not swapped, because etcd is not proven to be stopped: ${finding.because}`,
        );
      await swapDataDir({ shell, dataDir, paths: paths(run) });
    },
    deleteAside: (run) => deleteAside({ shell, dataDir, paths: paths(run) }),
    commands: commandsOf(deps, paths),
  };
}

/** etcd's user, as plans name it: which one it is says the unit, and a plan is made without asking. */
const plannedOwner = { user: 'etcd', group: 'etcd' };

function commandsOf({ member, unit, dataDir }: RemoteHostDeps, paths: Host['paths']): HostCommands {
  return {
    receive: (delivery) => planned(member, Object.values(receiveCommands(delivery))),
    restoreSnapshot: (order, tool) => planned(member, restoreCommands(order, tool, plannedOwner)),
    configure: (settings, { style, file }) => planned(member, configureCommands(file, { settings, append: [], style })),
    stopAndMask: (state) => planned(member, stopAndMaskCommands(unit, state?.unitFile)),
    swapDataDir: (run, present) => planned(member, swapCommands(dataDir, paths(run), present)),
    unmaskAndStart: (state) => planned(member, unmaskAndStartCommands(unit, state?.unitFile)),
    deleteAside: (run) => planned(member, deleteAsideCommands(paths(run))),
    removeScratch: (run) => planned(member, removeScratchCommands(paths(run))),
    removeRestored: (run) => planned(member, removeRestoredCommands(paths(run))),
  };
}
