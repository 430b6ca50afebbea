/** Stops etcd so that nothing revives it, and starts it again. */
import { accepting, changeAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { OpsError } from '../errors.ts';
import type { UnitState } from './host.ts';
import * as limits from './limits.ts';
import type { Answer, Shell } from './shell.ts';
import { isDown, parseUnit, readUnit, unitLooks } from './unit.ts';
import type { UnitReading } from './unit.ts';
import { ownUnitFile, setAsideUnitFile } from './unit-files.ts';

const reload = changeAsRoot('systemctl', 'daemon-reload');

/**
 * Masks the unit for good.
 * `systemctl mask` refuses when a real file lies in /etc/systemd/system, and a mask in /run loses to it. Then the file is
 * copied beside itself first, and the link to /dev/null takes its place in one rename (that is what `ln -f` does), so that
 * at every moment there is either the unit or its mask.
 */
function maskCommands(unit: string, unitFile: UnitState['unitFile']): readonly HostCommand[] {
  if (unitFile !== 'own') return [changeAsRoot('systemctl', 'mask', unit)];
  return [
    changeAsRoot('cp', '-aT', ownUnitFile(unit), setAsideUnitFile(unit)),
    changeAsRoot('ln', '-sfT', '/dev/null', ownUnitFile(unit)),
    reload,
  ];
}

/** Takes the mask away: a unit file that was set aside is renamed over it. */
function unmaskCommands(unit: string, unitFile: UnitState['unitFile']): readonly HostCommand[] {
  if (unitFile !== 'own') return [changeAsRoot('systemctl', 'unmask', unit)];
  return [changeAsRoot('mv', '-T', setAsideUnitFile(unit), ownUnitFile(unit)), reload];
}

/** First the mask, then the stop: nothing can revive it in between. */
export function stopAndMaskCommands(unit: string, unitFile: UnitState['unitFile']): readonly HostCommand[] {
  return [...maskCommands(unit, unitFile), ...stopCommands(unit)];
}

/** Without a mask: systemd may start it again at boot, and a person at any time. */
export function stopCommands(unit: string): readonly HostCommand[] {
  return [changeAsRoot('systemctl', 'stop', unit)];
}

/** `--no-block` and `reset-failed` as for a start. */
export function restartCommands(unit: string): readonly HostCommand[] {
  return [resetFailed(unit), changeAsRoot('systemctl', 'restart', '--no-block', unit)];
}

/**
 * `--no-block`: the unit is Type=notify and etcd says it is ready when it has a leader, for which it needs the others.
 * `reset-failed` forgets a start limit that was hit; it says 1 when there is nothing to forget.
 */
export function unmaskAndStartCommands(unit: string, unitFile: UnitState['unitFile']): readonly HostCommand[] {
  return [...unmaskCommands(unit, unitFile), ...startCommands(unit)];
}

function startCommands(unit: string): readonly HostCommand[] {
  return [resetFailed(unit), changeAsRoot('systemctl', 'start', '--no-block', unit)];
}

function resetFailed(unit: string): HostCommand {
  return accepting(changeAsRoot('systemctl', 'reset-failed', unit), 0, 1);
}

/** Acts and sees what came of it, in one session. */
async function actAndLook(shell: Shell, unit: string, acts: readonly HostCommand[]): Promise<UnitReading> {
  const { answers } = await shell.session([...acts, ...unitLooks(unit)], { limitMs: limits.stopLimitMs });
  const [show, files] = answers.slice(-2) as [Answer, Answer];
  return parseUnit(shell.where, unit, show, files);
}

/** Idempotent: what is done already is left out. @throws OpsError HOST_* also when the unit is not down and masked afterwards */
export async function stopAndMask(shell: Shell, unit: string): Promise<void> {
  const before = await readUnit(shell, unit);
  if (before.masked && isDown(before)) return;
  const mask = before.masked ? [] : before.maskedOnDisk ? [reload] : maskCommands(unit, before.ownFile ? 'own' : 'packaged');
  const after = await actAndLook(shell, unit, [...mask, ...stopCommands(unit)]);
  if (!after.masked || !isDown(after)) {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `${unit} on ${shell.where} was stopped and masked, but is ${after.activeState} and ${after.masked ? 'masked' : 'not masked'}.`,
      {
        details: { activeState: after.activeState, masked: after.masked, mainPid: after.mainPid },
      },
    );
  }
}

/** Idempotent: a unit that runs and is not masked is left alone. @throws OpsError HOST_* */
export async function unmaskAndStart(shell: Shell, unit: string): Promise<void> {
  const before = await readUnit(shell, unit);
  const isSetAside = before.setAside && !before.ownFile;
  const unmask =
    isSetAside || before.maskedOnDisk || before.masked
      ? unmaskCommands(unit, isSetAside ? 'own' : 'packaged')
      : before.needsReload
        ? [reload]
        : [];
  const running = before.activeState === 'active' || before.activeState === 'activating';
  await shell.session([...unmask, ...(running ? [] : startCommands(unit))], { limitMs: limits.actLimitMs });
}

/** Idempotent. @throws OpsError HOST_* also when the unit is not down afterwards */
export async function stop(shell: Shell, unit: string): Promise<void> {
  const after = await actAndLook(shell, unit, stopCommands(unit));
  if (isDown(after)) return;
  throw new OpsError('HOST_COMMAND_FAILED', `${unit} on ${shell.where} was stopped, but is ${after.activeState}.`, {
    hint: 'Something on the host starts it again: find out what before you press Retry.',
    details: { activeState: after.activeState, mainPid: after.mainPid },
  });
}

/** Not idempotent: done twice, etcd is restarted twice. @throws OpsError HOST_* */
export async function restart(shell: Shell, unit: string): Promise<void> {
  await shell.session(restartCommands(unit), { limitMs: limits.actLimitMs });
}
