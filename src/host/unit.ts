/** What systemd says of etcd's unit, and what its files say while systemd does not (a masked unit has no User=). */
import { accepting, look } from './command.ts';
import type { HostCommand } from './command.ts';
import { unknownOutput } from './failures.ts';
import type { UnitState } from './host.ts';
import type { Answer, Shell } from './shell.ts';
import { ownUnitFile, parseUnitFiles, printUnitFiles, setAsideUnitFile, unitFileName } from './unit-files.ts';
import { directives, lastOf } from './unit-text.ts';
import type { Directive, TextFile } from './unit-text.ts';

/** A unit as it stands on disk and in systemd. */
export interface UnitReading {
  readonly activeState: string;
  readonly mainPid: number;
  /** On disk for good and known to systemd: a mask of one of the two kinds alone can be undone by a reload or a reboot. */
  readonly masked: boolean;
  readonly maskedOnDisk: boolean;
  readonly needsReload: boolean;
  /** A unit file of the administrator's own lies in /etc, where a mask would have to be. */
  readonly ownFile: boolean;
  /** It was moved out of the way of a mask by an earlier `stopAndMask`. */
  readonly setAside: boolean;
  readonly files: readonly TextFile[];
  readonly directives: readonly Directive[];
}

/** Looks at the unit: run both commands in one session, then `parseUnit`. */
export function unitLooks(unit: string): readonly [HostCommand, HostCommand] {
  return [
    look('systemctl', 'show', '--property=LoadState,ActiveState,MainPID,UnitFileState,NeedDaemonReload', unitFileName(unit)),
    printUnitFiles(unit),
  ];
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN */
export function parseUnit(where: string, unit: string, show: Answer, files: Answer): UnitReading {
  const properties = new Map(show.stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const [loadState, activeState, mainPid, fileState] = ['LoadState', 'ActiveState', 'MainPID', 'UnitFileState'].map((key) =>
    properties.get(key),
  );
  if (loadState === undefined || activeState === undefined) throw unknownOutput(where, `systemctl show ${unit}`, show.stdout);
  const found = parseUnitFiles(unit, files.stdout);
  const has = (path: string) => found.some((file) => file.path === path);
  return {
    activeState,
    mainPid: Number(mainPid ?? 0),
    masked: loadState === 'masked' && fileState === 'masked',
    maskedOnDisk: fileState === 'masked',
    needsReload: properties.get('NeedDaemonReload') === 'yes',
    ownFile: has(ownUnitFile(unit)),
    setAside: has(setAsideUnitFile(unit)),
    files: found,
    directives: directives(found),
  };
}

/** One session. @throws OpsError HOST_* */
export async function readUnit(shell: Shell, unit: string): Promise<UnitReading> {
  const [show, files] = (await shell.session(unitLooks(unit))).answers;
  return parseUnit(shell.where, unit, show as Answer, files as Answer);
}

/** Asks for a user's own group: what systemd uses when `Group=` is not set (systemd.exec(5)). */
export function groupLook(user: string): HostCommand {
  return accepting(look('id', '--group', '--name', user), 0, 1);
}

/** `User=` of the unit. */
export function userOf({ directives }: UnitReading): string {
  return lastOf(directives, 'User')?.value || 'root';
}

/** `Group=` of the unit; without it the user's own group, which only the host knows. */
export async function ownerOf(shell: Shell, reading: UnitReading): Promise<{ readonly user: string; readonly group: string }> {
  const user = userOf(reading);
  const group = lastOf(reading.directives, 'Group')?.value || (user === 'root' ? 'root' : (await shell.run(groupLook(user))).stdout.trim());
  if (group === '') throw unknownOutput(shell.where, `id --group --name ${user}`, `there is no user ${user}`);
  return { user, group };
}

/** The facts that others may know. */
export async function unitState(shell: Shell, reading: UnitReading): Promise<UnitState> {
  const { activeState, masked, mainPid, ownFile, setAside } = reading;
  return { activeState, masked, mainPid, ...(await ownerOf(shell, reading)), unitFile: ownFile || setAside ? 'own' : 'packaged' };
}

/** Whether the unit is down: `failed` is down too. */
export function isDown({ activeState, mainPid }: Pick<UnitState, 'activeState' | 'mainPid'>): boolean {
  return (activeState === 'inactive' || activeState === 'failed') && mainPid === 0;
}
