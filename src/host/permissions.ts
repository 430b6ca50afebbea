/** Asks sudo, before anything is touched, whether it will allow all that a run needs. */
import { RunId } from '../ids.ts';
import type { MemberName } from '../ids.ts';
import { OpsError } from '../errors.ts';
import { sent, typed } from './command.ts';
import type { HostCommand } from './command.ts';
import { configureCommands } from './configuration.ts';
import { sizeLook } from './directory.ts';
import { freeLook } from './disk.ts';
import type { HostFacts, UnitState } from './host.ts';
import { runPaths } from './paths.ts';
import { receiveCommands } from './receive.ts';
import { restoreCommands } from './restore.ts';
import { deleteAsideCommands, removeRestoredCommands, removeScratchCommands } from './scratch.ts';
import type { Shell } from './shell.ts';
import { listSiblings } from './siblings.ts';
import { swapCommands } from './swap.ts';
import { stopAndMaskCommands, unmaskAndStartCommands } from './unit-acts.ts';

/** No run has this name: nothing of it is ever made. */
const sampleRun = RunId.parse('sudo-check-000000');

export interface Needs {
  readonly member: MemberName;
  readonly unit: string;
  readonly dataDir: string;
  readonly state: UnitState;
  readonly tool: HostFacts['tool'];
  readonly configuration: HostFacts['configuration'];
}

/** One command of each kind that a run will need root or etcd's user for. */
function neededCommands({ member, unit, dataDir, state, tool, configuration }: Needs): readonly HostCommand[] {
  const paths = runPaths(dataDir, sampleRun);
  const order = {
    snapshotPath: paths.snapshot,
    intoDir: paths.restored,
    memberName: member,
    peerUrl: 'https://127.0.0.1:2380',
    initialCluster: `${member}=https://127.0.0.1:2380`,
    initialClusterToken: 'sudo-check',
  };
  const edit = {
    settings: { initialClusterState: 'existing', initialClusterToken: 'sudo-check' },
    append: [],
    style: configuration.style,
  } as const;
  return [
    listSiblings(dataDir),
    freeLook(dataDir),
    sizeLook(paths.aside),
    ...Object.values(receiveCommands({ remotePath: paths.snapshot })),
    ...restoreCommands(order, tool, state),
    ...stopAndMaskCommands(unit, state.unitFile),
    ...swapCommands(dataDir, paths),
    ...swapCommands(dataDir, paths, { exists: false }),
    ...configureCommands(configuration.file, edit),
    ...unmaskAndStartCommands(unit, state.unitFile),
    ...removeScratchCommands(paths),
    ...removeRestoredCommands(paths),
    ...deleteAsideCommands(paths),
  ];
}

/** Asks once: a procedure looks at its hosts many times, and thirty questions to sudo take longer than all the rest. */
export function createPermissionCheck(shell: Shell): (needs: Needs) => Promise<void> {
  let content = '';
  return async (needs) => {
    // The mask is done differently for another unit file, so another one is asked about again.
    const about = JSON.stringify([needs.tool, needs.configuration, needs.state.user, needs.state.group, needs.state.unitFile]);
    if (content === about) return;
    await checkPermissions(shell, needs);
    content = about;
  };
}

/** `sudo -l` with a command says 1 when it would be refused, and runs nothing (sudo(8)). One session. @throws OpsError HOST_SUDO_REFUSED */
async function checkPermissions(shell: Shell, needs: Needs): Promise<void> {
  const commands = neededCommands(needs).filter((command) => command.as !== 'self');
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
