/** Has etcd start as a new cluster of one member, and proves that it will never do so again. */
import { OpsError } from '../errors.ts';
import { accepting, changeAsRoot, look, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { readConfiguration } from './configuration.ts';
import { unknownOutput } from './failures.ts';
import * as limits from './limits.ts';
import type { Answer, Shell } from './shell.ts';
import { readUnit } from './unit.ts';
import { unitFileName } from './unit-files.ts';
import { restartCommands } from './unit-acts.ts';
import type { ForceFacts } from './v2.ts';

const variable = 'ETCD_FORCE_NEW_CLUSTER';

/** In /run: a reboot forgets it, so that a host that comes back after a crash in between does not begin a new cluster once more. */
function dropInOf(unit: string): { readonly directory: string; readonly path: string } {
  const directory = `/run/systemd/system/${unitFileName(unit)}.d`;
  return { directory, path: `${directory}/etcd-medic-force-new-cluster.conf` };
}

const reload = changeAsRoot('systemctl', 'daemon-reload');

/**
 * Sed writes the file because its text then stands in the command, which deploy/sudoers can name to the letter: whoever may write
 * any text into a drop-in is root. Its input is any file of one line.
 */
export function setForceCommands(unit: string): readonly HostCommand[] {
  const { directory, path } = dropInOf(unit);
  return [
    changeAsRoot('mkdir', '-p', '-m', '755', directory),
    changeAsRoot('sed', '-n', '-e', String.raw`s/.*/[Service]\nEnvironment=${variable}=true/w${path}`, '/proc/version'),
    reload,
  ];
}

/** Without the restart, which is left out when etcd does not run with it. */
export function clearForceCommands(unit: string): readonly HostCommand[] {
  return [changeAsRoot('rm', '-f', dropInOf(unit).path), reload];
}

/** As they stand in a plan: the restart is the proof that it serves without. */
export function plannedClear(unit: string): readonly HostCommand[] {
  return [...clearForceCommands(unit), ...restartCommands(unit)];
}

/** The environment of a process may hold secrets: only whether the variable is in it is asked. */
export function environmentLook(pid: number): HostCommand {
  return accepting(lookAsRoot('grep', '-z', '-c', `^${variable}=`, `/proc/${pid}/environ`), 0, 1, 2);
}

function unitLook(unit: string): HostCommand {
  return look('systemctl', 'show', '--property=MainPID,Environment,DropInPaths', unitFileName(unit));
}

/** @throws OpsError HOST_* */
export async function readForce(shell: Shell, unit: string): Promise<ForceFacts> {
  const [{ settings }, shown] = await Promise.all([
    readUnit(shell, unit).then((reading) => readConfiguration(shell, unit, reading)),
    shell.run(unitLook(unit)),
  ]);
  const mainPid = Number(/^MainPID=([0-9]+)$/m.exec(shown.stdout)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(mainPid)) throw unknownOutput(shell.where, 'systemctl show', shown.stdout);
  const wanted = settings.values.get('force-new-cluster')?.value;
  return {
    inUnit: new RegExp(`^Environment=.*${variable}=`, 'm').test(shown.stdout) || shown.stdout.includes(dropInOf(unit).path),
    inSettings: wanted !== undefined && !['', 'false', '0', 'f', 'F', 'FALSE', 'False'].includes(wanted),
    inProcess: mainPid === 0 ? undefined : await inProcess(shell, mainPid),
  };
}

async function inProcess(shell: Shell, pid: number): Promise<boolean | undefined> {
  const flag = accepting(look('grep', '-z', '-c', '-E', '-e', '^--?force-new-cluster(=|$)', `/proc/${pid}/cmdline`), 0, 1, 2);
  const [environment, line] = (await shell.session([environmentLook(pid), flag])).answers as [Answer, Answer];
  // 2: the process ended while it was looked at, which is no proof of anything.
  if (environment.exitCode === 2 || line.exitCode === 2) return undefined;
  return environment.exitCode === 0 || line.exitCode === 0;
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN where etcd would not see it, or HOST_* */
export async function setForce(shell: Shell, unit: string): Promise<void> {
  const { settings } = await readConfiguration(shell, unit, await readUnit(shell, unit));
  if (settings.style === 'config-file') throw yamlRefusal(shell.where, unit);
  await shell.session(setForceCommands(unit), { limitMs: limits.actLimitMs });
}

/** With a YAML file etcd ignores flags and environment (https://etcd.io/docs/v3.5/op-guide/configuration/#configuration-file). */
export function yamlRefusal(where: string, unit: string): OpsError {
  return new OpsError(
    'HOST_OUTPUT_UNKNOWN',
    `etcd on ${where} reads a YAML --config-file and ignores its environment, so force-new-cluster cannot be set for one start alone.`,
    {
      hint: `By hand: etcd must be stopped; write \`force-new-cluster: true\` into that file, start ${unit}, wait until it serves, take the line out again and restart it; go on with runbook v2-restore at set-peer-url. Or choose another member with --first.`,
    },
  );
}

/** Idempotent: etcd is restarted only while it runs with it. @throws OpsError HOST_* */
export async function clearForce(shell: Shell, unit: string): Promise<void> {
  await shell.session(clearForceCommands(unit), { limitMs: limits.actLimitMs });
  const { inProcess: runsWithIt } = await readForce(shell, unit);
  if (runsWithIt === true) await shell.session(restartCommands(unit), { limitMs: limits.actLimitMs });
}
