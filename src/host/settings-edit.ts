/** Changes initial-cluster-state and initial-cluster-token in a file by two sed expressions, and foretells what sed will make of it. */
import { OpsError } from '../errors.ts';
import type { ClusterSettings } from './host.ts';

/** etcd's names of the two settings with the values they are to get. */
export function wantedValues({ initialClusterState, initialClusterToken }: ClusterSettings): ReadonlyMap<string, string> {
  // The same characters as deploy/sudoers allows: nothing that sed or a shell could read as anything but itself.
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(initialClusterToken)) {
    throw new OpsError(
      'ARGUMENT_UNSAFE',
      `The token ${JSON.stringify(initialClusterToken)} holds more than letters, digits, dots, dashes and underscores.`,
    );
  }
  return new Map([
    ['initial-cluster-state', initialClusterState],
    ['initial-cluster-token', initialClusterToken],
  ]);
}

const asVariable = (name: string) => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;

/**
 * One expression for all three styles: `ETCD_X="v"` in an environment file, `--x=v` or `--x v` in a unit, `x: v` in YAML.
 * Quotes, comments and all else of the file stay as they are, byte for byte.
 */
function replacing(name: string, value: string): string {
  return `/^ *[#;]/!s/((${asVariable(name)}|${name})[=: ] *["']?)[A-Za-z0-9._-]*/\\1${value}/g`;
}

function appending(line: string): string {
  return `$a${line}`;
}

/** How a setting that is not there yet is written at the end of a file. */
function lineFor(style: 'environment-file' | 'config-file', name: string, value: string): string {
  return style === 'environment-file' ? `${asVariable(name)}=${value}` : `${name}: ${value}`;
}

/** What to do with one file. `append`: settings that stand nowhere yet, in the form of that style. */
export interface Edit {
  readonly settings: ClusterSettings;
  readonly append: readonly string[];
  readonly style: 'environment-file' | 'flags' | 'config-file';
}

/** The arguments of `sed` before the file. */
export function sedArguments({ settings, append, style }: Edit): readonly string[] {
  return [
    '-i',
    '-E',
    ...[...wantedValues(settings)].flatMap(([name, value]) => [
      '-e',
      append.includes(name) && style !== 'flags' ? appending(lineFor(style, name, value)) : replacing(name, value),
    ]),
  ];
}

/** The text as sed will leave it. */
export function edited(text: string, { settings, append, style }: Edit): string {
  let result = text;
  for (const [name, value] of wantedValues(settings)) {
    if (append.includes(name) && style !== 'flags') {
      result = `${result.endsWith('\n') ? result : `${result}\n`}${lineFor(style, name, value)}\n`;
      continue;
    }
    const pattern = new RegExp(`((?:${asVariable(name)}|${name})[=: ] *["']?)[A-Za-z0-9._-]*`, 'g');
    result = result
      .split('\n')
      .map((line) => (/^ *[#;]/.test(line) ? line : line.replaceAll(pattern, `$1${value}`)))
      .join('\n');
  }
  return result;
}

/** The lines that differ, as a unified diff without context: the other lines are nobody's business in a thread. Lines are only replaced or added at the end. */
export function difference(file: string, before: string, after: string): string {
  const [old, young] = [before.split('\n'), after.split('\n')];
  const hunks = young.flatMap((line, index) => {
    const was = old[index];
    if (was === line) return [];
    // What follows the last newline is no line.
    if (was === '' && index === old.length - 1) return [`@@ -${index},0 +${index + 1} @@`, `+${line}`];
    if (line === '' && index === young.length - 1) return [];
    return [`@@ -${index + 1} +${index + 1} @@`, ...(was === undefined ? [] : [`-${was}`]), `+${line}`];
  });
  return hunks.length === 0 ? '' : [`--- ${file}`, `+++ ${file}`, ...hunks, ''].join('\n');
}
