/** Finds the files that make up a unit, also while it is masked and systemd itself forgets them. */
import { accepting, look } from './command.ts';
import type { HostCommand } from './command.ts';
import type { TextFile } from './unit-text.ts';

/** Where a unit file may lie, first found wins (systemd.unit(5), UNIT FILE LOAD PATH). */
const loadPath = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** `etcd` means `etcd.service`. */
export function unitFileName(unit: string): string {
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
}

/** Where an administrator's own unit file lies. */
export function ownUnitFile(unit: string): string {
  return `/etc/systemd/system/${unitFileName(unit)}`;
}

/** Where that file waits while the unit is masked: `systemctl mask` refuses when there is a file in its place. */
export function setAsideUnitFile(unit: string): string {
  return `${ownUnitFile(unit)}.masked-by-etcd-medic`;
}

/** Prints every file of a unit, each line with its path and a NUL before it. An `Environment=` may hold what nobody wants in a thread. */
export function printUnitFiles(unit: string): HostCommand {
  const name = unitFileName(unit);
  const paths = [setAsideUnitFile(unit), ...loadPath.map((dir) => `${dir}/${name}`), ...loadPath.map((dir) => `${dir}/${name}.d`)];
  // grep says 1 or 2 when some of them are missing or empty, which is the usual case.
  const print = accepting(look('grep', '--recursive', '--no-messages', '--with-filename', '--null', '--text', '', ...paths), 0, 1, 2);
  return { ...print, recorded: 'hidden' };
}

/**
 * The unit file that counts and its drop-ins, in the order systemd reads them.
 * A mask (a link to /dev/null) prints nothing, so the file behind it is found.
 */
export function parseUnitFiles(unit: string, stdout: string): readonly TextFile[] {
  const lines = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf('\0');
    if (at === -1) continue;
    const path = line.slice(0, at);
    const known = lines.get(path) ?? [];
    known.push(line.slice(at + 1));
    lines.set(path, known);
  }
  const name = unitFileName(unit);
  const toFile = (path: string): TextFile[] => {
    const found = lines.get(path);
    return found === undefined ? [] : [{ path, text: found.join('\n') }];
  };
  const [own = '', ...others] = loadPath.map((dir) => `${dir}/${name}`);
  const [fragment] = [own, setAsideUnitFile(unit), ...others].flatMap(toFile);
  const dropIns = new Map<string, TextFile>();
  for (const dir of loadPath.toReversed()) {
    for (const path of lines.keys()) {
      const dropIn = path.startsWith(`${dir}/${name}.d/`) && path.endsWith('.conf') ? path.slice(path.lastIndexOf('/') + 1) : undefined;
      const [file] = dropIn === undefined ? [] : toFile(path);
      // A drop-in of the same name in a directory that counts more replaces the other.
      if (dropIn !== undefined && file !== undefined) dropIns.set(dropIn, file);
    }
  }
  const ordered = [...dropIns].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, file]) => file);
  return fragment === undefined ? ordered : [fragment, ...ordered];
}
