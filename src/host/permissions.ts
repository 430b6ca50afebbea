/** Asks sudo, before anything is touched, whether it will allow all that a run needs. */
import { RunId } from '../ids.ts';
import type { MemberName } from '../ids.ts';
import { OpsError } from '../errors.ts';
import { certificateCommands } from './certificates.ts';
import type { CertificateFiles } from './certificates.ts';
import { sent, typed } from './command.ts';
import type { HostCommand } from './command.ts';
import { configureCommands } from './configuration.ts';
import { sizeLook } from './directory.ts';
import { freeLook } from './disk.ts';
import { processLook } from './fence.ts';
import { fetchCommands } from './fetch-database.ts';
import type { ClusterSettings, HostFacts, Purpose, UnitState } from './host.ts';
import { runPaths } from './paths.ts';
import { putAsideCommands } from './put-aside.ts';
import { receiveCommands } from './receive.ts';
import { restoreCommands } from './restore.ts';
import { returnCommands } from './return-aside.ts';
import { copyLook } from './settings-before.ts';
import { deleteAsideCommands, removeRestoredCommands, removeScratchCommands } from './scratch.ts';
import type { Shell } from './shell.ts';
import { listSiblings } from './siblings.ts';
import { environmentLook, plannedClear, setForceCommands } from './force-new-cluster.ts';
import { swapCommands } from './swap.ts';
import { restartCommands, stopAndMaskCommands, stopCommands, unmaskAndStartCommands } from './unit-acts.ts';
import { makeBackupCommands, unpackBackupCommands } from './v2-backup.ts';
import { fetchBackupCommands } from './v2-fetch.ts';
import { inspectCommands } from './v2-inspect.ts';

/** No run has this name: nothing of it is ever made. */
const sampleRun = RunId.parse('sudo-check-000000');

export interface Needs {
  readonly member: MemberName;
  readonly unit: string;
  readonly dataDir: string;
  readonly state: UnitState;
  readonly tool: HostFacts['tool'];
  readonly configuration: HostFacts['configuration'];
  readonly certificates: readonly CertificateFiles[];
}

/** What is looked at whatever the purpose. */
function looks({ dataDir }: Pick<Needs, 'dataDir'>): readonly HostCommand[] {
  return [listSiblings(dataDir), freeLook(dataDir), sizeLook(runPaths(dataDir, sampleRun).aside), processLook];
}

/** One command of each kind that a run for that purpose will need root or etcd's user for. */
const neededFor: Readonly<Record<Purpose, (needs: Needs) => readonly HostCommand[]>> = {
  restore({ member, unit, dataDir, state, tool, configuration }) {
    const paths = runPaths(dataDir, sampleRun);
    const order = {
      snapshotPath: paths.snapshot,
      intoDir: paths.restored,
      memberName: member,
      peerUrl: 'https://127.0.0.1:2380',
      initialCluster: `${member}=https://127.0.0.1:2380`,
      initialClusterToken: 'sudo-check',
    };
    return [
      ...looks({ dataDir }),
      ...Object.values(receiveCommands({ remotePath: paths.snapshot })),
      ...restoreCommands(order, tool, state),
      ...stopAndMaskCommands(unit, state.unitFile),
      ...swapCommands(dataDir, paths),
      ...swapCommands(dataDir, paths, { exists: false }),
      ...settingsCommands(configuration, { initialClusterToken: order.initialClusterToken }),
      ...unmaskAndStartCommands(unit, state.unitFile),
      ...removeScratchCommands(paths),
      ...removeRestoredCommands(paths),
      ...deleteAsideCommands(paths),
    ];
  },
  'replace-member'({ member, unit, dataDir, state, configuration, certificates }) {
    const paths = runPaths(dataDir, sampleRun);
    return [
      ...looks({ dataDir }),
      ...certificates.flatMap((files) => Object.values(certificateCommands(files, state)).filter((command) => command !== undefined)),
      ...stopAndMaskCommands(unit, state.unitFile),
      ...putAsideCommands(dataDir, paths, state),
      ...putAsideCommands(dataDir, paths, state, { exists: false }),
      ...settingsCommands(configuration, { initialCluster: `${member}=https://127.0.0.1:2380` }),
      ...unmaskAndStartCommands(unit, state.unitFile),
      ...deleteAsideCommands(paths),
    ];
  },
  undo({ unit, dataDir, state, configuration }) {
    const { aside } = runPaths(dataDir, sampleRun);
    const places = { restored: aside, aside };
    const settings = { initialClusterState: 'existing', initialClusterToken: 'sudo-check' } as const;
    return [
      ...looks({ dataDir }),
      ...stopAndMaskCommands(unit, state.unitFile),
      ...returnCommands(dataDir, places),
      ...returnCommands(dataDir, places, { exists: false }),
      copyLook(configuration.file, settings),
      ...settingsCommands(configuration, { initialClusterToken: settings.initialClusterToken }),
      ...unmaskAndStartCommands(unit, state.unitFile),
    ];
  },
  'stop-and-start': ({ unit, state }) => [...stopCommands(unit), ...restartCommands(unit), ...unmaskAndStartCommands(unit, state.unitFile)],
  'v2-backup': (needs) => v2BackupNeeds(needs),
  'v2-restore': (needs) => v2RestoreNeeds(needs),
  'fetch-database': ({ dataDir, state }) => [processLook, ...Object.values(fetchCommands(dataDir, state))],
};

function v2BackupNeeds({ dataDir, state, tool }: Needs): readonly HostCommand[] {
  const paths = runPaths(dataDir, sampleRun);
  const { prepare, ...fetch } = fetchBackupCommands(paths, state);
  return [
    ...looks({ dataDir }),
    ...makeBackupCommands(dataDir, paths, tool, state),
    ...Object.values(inspectCommands(paths, state)),
    ...prepare,
    ...Object.values(fetch),
    ...removeScratchCommands(paths),
    ...removeRestoredCommands(paths),
  ];
}

function v2RestoreNeeds({ dataDir, state, tool, unit }: Needs): readonly HostCommand[] {
  const paths = runPaths(dataDir, sampleRun);
  return [
    ...unpackBackupCommands(paths, tool, state),
    ...Object.values(inspectCommands(paths, state)),
    ...setForceCommands(unit),
    ...plannedClear(unit),
    environmentLook(1),
  ];
}

function settingsCommands(
  { file, style }: Needs['configuration'],
  more: Omit<ClusterSettings, 'initialClusterState'>,
): readonly HostCommand[] {
  return configureCommands(file, { settings: { initialClusterState: 'existing', ...more }, append: [], style });
}

/** Asks once: a procedure looks at its hosts many times, and thirty questions to sudo take longer than all the rest. */
export function createPermissionCheck(shell: Shell): (needs: Needs, purposes: readonly Purpose[]) => Promise<void> {
  const content = new Set<string>();
  return async (needs, purposes) => {
    // The mask is done differently for another unit file, so another one is asked about again.
    const about = JSON.stringify([
      needs.tool,
      needs.configuration,
      needs.state.user,
      needs.state.group,
      needs.state.unitFile,
      needs.certificates,
    ]);
    const open = purposes.filter((purpose) => !content.has(`${purpose} ${about}`));
    if (open.length === 0) return;
    await checkPermissions(
      shell,
      open.flatMap((purpose) => neededFor[purpose](needs)),
    );
    for (const purpose of open) content.add(`${purpose} ${about}`);
  };
}

/** `sudo -l` with a command says 1 when it would be refused, and runs nothing (sudo(8)). One session. @throws OpsError HOST_SUDO_REFUSED */
async function checkPermissions(shell: Shell, needed: readonly HostCommand[]): Promise<void> {
  const asked = new Map(needed.filter((command) => command.as !== 'self').map((command) => [typed(command).join('\0'), command]));
  const commands = [...asked.values()];
  const questions = commands.map((command): HostCommand => {
    const [sudo = '', noPrompt = '', ...rest] = sent(command);
    return { argv: [sudo, noPrompt, '-l', ...rest], as: 'self', changes: false, accepts: [0, 1], recorded: 'failures' };
  });
  const { answers } = await shell.session(questions);
  const refused = commands.filter((_, index) => answers[index]?.exitCode !== 0).map((command) => typed(command).join(' '));
  if (refused.length === 0) return;
  const more = refused.length > 3 ? ` and ${refused.length - 3} more` : '';
  throw new OpsError(
    'HOST_SUDO_REFUSED',
    `sudo on ${shell.where} does not allow ${refused
      .slice(0, 3)
      .map((text) => `\`${text}\``)
      .join(', ')}${more}.`,
    { details: { refused } },
  );
}
