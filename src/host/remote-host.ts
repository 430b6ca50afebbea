/** One host over ssh: puts the parts of this folder together behind `Host`. */
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import { OpsError } from '../errors.ts';
import { certificates } from './certificates.ts';
import { lookAsRoot, planned } from './command.ts';
import type { HostCommand } from './command.ts';
import {
  configurationFacts,
  configure,
  configureCommands,
  configuredFinding,
  lookAtConfiguration,
  readConfiguration,
} from './configuration.ts';
import { readDirs } from './directory.ts';
import { freeForData } from './disk.ts';
import { fenced, lookFenced } from './fence.ts';
import type { FenceDeps } from './fence.ts';
import { fetchCommands, fetchDatabase } from './fetch-database.ts';
import { createForesight } from './foresight.ts';
import type { Moment } from './foresight.ts';
import type { DirFacts, Host, HostCommands } from './host.ts';
import * as limits from './limits.ts';
import { parsePlace, placeLooks } from './moves.ts';
import { runPaths } from './paths.ts';
import { createPermissionCheck } from './permissions.ts';
import { lookAtPort } from './ports.ts';
import { preflight } from './preflight.ts';
import { makeDataDir, makeDataDirCommands, putAside, putAsideCommands } from './put-aside.ts';
import { reach } from './reach.ts';
import { parseSha256, receive, receiveCommands } from './receive.ts';
import { restoreCommands, restored, restoreSnapshot } from './restore.ts';
import { returnAside, returnCommands, returnPlaces } from './return-aside.ts';
import { deleteAside, deleteAsideCommands, removeRestored, removeRestoredCommands, removeScratchCommands } from './scratch.ts';
import { settingsBefore } from './settings-before.ts';
import type { Answer, Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import { swapCommands, swapDataDir } from './swap.ts';
import { readTool, toolLooks } from './tool.ts';
import { ownerOf, parseUnit, readUnit, unitLooks, unitState } from './unit.ts';
import {
  restart,
  restartCommands,
  stop,
  stopAndMask,
  stopAndMaskCommands,
  stopCommands,
  unmaskAndStart,
  unmaskAndStartCommands,
} from './unit-acts.ts';
import { createHostV2 } from './v2-host.ts';

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
  const foresee = createForesight(shell);
  const readRestorer = createRestorerLook(shell, unit, foresee);
  return {
    member,
    address,
    unitName: unit,
    dataDir,
    paths,
    preflight: (purposes = ['restore']) => preflight({ ...deps, foresee, permitted }, purposes),
    async unit() {
      const moment = foresee('owner');
      return unitState(moment.about('owner'), await readUnit(moment.about('owner'), unit));
    },
    async dir(path) {
      const [facts] = await readDirs(shell, dataDir, [path]);
      return facts as DirFacts;
    },
    dirs: (several) => readDirs(shell, dataDir, several),
    has: async (path) => parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))).at(path) !== undefined,
    async existing(several) {
      const there = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir)));
      return new Set(several.filter((path) => there.at(path) !== undefined));
    },
    beside: async () => parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))).beside,
    fenced: () => fenced(fence),
    async fileSha256(path) {
      const there = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))).at(path);
      if (there === undefined) return undefined;
      return parseSha256(await shell.run(lookAsRoot('sha256sum', path), { limitMs: limits.dataLimitMs(there.sizeBytes) }));
    },
    async restored(dir) {
      const { tool, owner, answers } = await readRestorer([listSiblings(dataDir)]);
      return restored(shell, dir, parseSiblings(shell.where, dataDir, answers[0] as Answer), tool, owner);
    },
    configuration: async () => configurationFacts(await lookAtConfiguration(foresee('settings'), unit)),
    configured: async (settings) => configuredFinding(shell.where, await lookAtConfiguration(foresee('settings'), unit), settings),
    settingsBefore: (settings) => settingsBefore(shell, unit, settings, foresee),
    freeBytes: () => freeForData(shell, dataDir),
    certificates: () => certificates(shell, unit, foresee('settings', 'owner')),
    reach: (to, port) => reach(shell, to, port),
    receive: (delivery, progress) => receive(deps, delivery, progress),
    async restoreSnapshot(order) {
      const { tool, owner } = await readRestorer();
      await restoreSnapshot(deps, order, tool, owner);
    },
    configure: (settings) => configure(shell, unit, settings, foresee),
    unmaskAndStart: () => unmaskAndStart(shell, unit),
    makeDataDir: async () => makeDataDir({ shell, dataDir, owner: await ownerOf(shell, await readUnit(shell, unit)) }),
    stop: () => stop(shell, unit),
    restart: () => restart(shell, unit),
    fetchDatabase: (toPath, progress) => fetchDatabase(deps, toPath, progress),
    async removeScratch(run) {
      await shell.session(removeScratchCommands(paths(run)), { limitMs: limits.deleteLimitMs });
    },
    removeRestored: (run) => removeRestored({ shell, dataDir, paths: paths(run) }),
    stopAndMask: () => stopAndMask(shell, unit),
    ...movesOf({ shell, dataDir }, paths, async (what) => lookWhileFenced(fence, dataDir, what)),
    deleteAside: (run) => deleteAside({ shell, dataDir, paths: paths(run) }),
    v2: createHostV2({ ...deps, paths }),
    commands: commandsOf(deps, paths),
  };
}

/** The renames of data-dirs, each decided by what is there while etcd is proven to be stopped. */
function movesOf(
  { shell, dataDir }: Pick<RemoteHostDeps, 'shell' | 'dataDir'>,
  paths: Host['paths'],
  whileFenced: (what: string) => ReturnType<typeof lookWhileFenced>,
): Pick<Host, 'swapDataDir' | 'putDataAside' | 'returnAside'> {
  return {
    async swapDataDir(run) {
      const { before } = await whileFenced('swapped');
      await swapDataDir({ shell, dataDir, paths: paths(run), before });
    },
    async putDataAside(run) {
      const { before, reading } = await whileFenced('put aside');
      await putAside({ shell, dataDir, paths: paths(run), before, owner: await ownerOf(shell, reading) });
    },
    async returnAside(run, earlier) {
      const { before } = await whileFenced('put back');
      await returnAside({ shell, dataDir, places: returnPlaces(paths(run), paths(earlier)), before });
    },
  };
}

/**
 * The tool and its user are looked for once, for as long as this host is: one advance of a run, so never across an approval. Ten commands that say
 * each time what they said before are most of what a look at restored data costs.
 */
function createRestorerLook(shell: Shell, unit: string, foresee: ReturnType<typeof createForesight>) {
  let known: Awaited<ReturnType<typeof lookAtRestorer>> | undefined;
  return async (more: readonly HostCommand[] = []) => {
    if (known !== undefined) return { ...known, answers: more.length === 0 ? [] : (await shell.session(more)).answers };
    known = await lookAtRestorer(shell, unit, foresee('settings', 'program', 'owner'), more);
    return known;
  };
}

/** The tool of the version that the unit starts, and the user it starts it as; what is asked besides comes in the same session. */
async function lookAtRestorer(shell: Shell, unit: string, moment: Moment, more: readonly HostCommand[]) {
  const { answers } = await moment.about('settings').session([...unitLooks(unit), ...toolLooks, ...more]);
  const [show, files, ...others] = answers as [Answer, Answer, ...Answer[]];
  const reading = parseUnit(shell.where, unit, show, files);
  const { settings } = await readConfiguration(moment.about('settings'), unit, reading);
  const [tool, owner] = await Promise.all([
    readTool(moment.about('program'), settings.program, others.slice(0, toolLooks.length)),
    ownerOf(moment.about('owner'), reading),
  ]);
  return { tool, owner, answers: others.slice(toolLooks.length) };
}

/** Proof and picture in one session: what is moved is decided by what is there while etcd is down. @throws OpsError FENCE_FAILED */
async function lookWhileFenced(fence: FenceDeps, dataDir: string, what: string) {
  const { where } = fence.shell;
  const { finding, reading, answers } = await lookFenced(fence, placeLooks(dataDir));
  if (!finding.holds) {
    throw new OpsError(
      'FENCE_FAILED',
      `The data-dir on ${where} is not ${what}, because etcd is not proven to be stopped: ${finding.because}`,
    );
  }
  return { reading, before: parsePlace(where, dataDir, answers) };
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
    fetchDatabase: () => planned(member, [fetchCommands(dataDir, plannedOwner).read]),
    makeDataDir: () => planned(member, makeDataDirCommands(dataDir, plannedOwner)),
    stop: () => planned(member, stopCommands(unit)),
    restart: () => planned(member, restartCommands(unit)),
    putDataAside: (run, present) => planned(member, putAsideCommands(dataDir, paths(run), plannedOwner, present)),
    returnAside: (run, earlier, present) => planned(member, returnCommands(dataDir, returnPlaces(paths(run), paths(earlier)), present)),
    deleteAside: (run) => planned(member, deleteAsideCommands(paths(run))),
    removeScratch: (run) => planned(member, removeScratchCommands(paths(run))),
    removeRestored: (run) => planned(member, removeRestoredCommands(paths(run))),
  };
}
