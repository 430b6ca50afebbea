/** Changes how a member finds its cluster, in a file, by one sed expression per setting, and foretells what sed will make of it. */
import { createHash } from 'node:crypto';
import { OpsError } from '../errors.ts';
import type { ClusterSettings } from './host.ts';

/** etcd's names of the settings that are given, with the values they are to get. @throws OpsError ARGUMENT_UNSAFE */
export function wantedValues({
  initialClusterState,
  initialClusterToken,
  initialCluster,
}: ClusterSettings): ReadonlyMap<ClusterSetting, string> {
  const wanted = new Map<ClusterSetting, string>([['initial-cluster-state', initialClusterState]]);
  // The same characters as deploy/sudoers allows: nothing that sed or a shell could read as anything but itself.
  if (initialClusterToken !== undefined) {
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(initialClusterToken)) {
      throw unsafe('The token', initialClusterToken, 'letters, digits, dots, dashes and underscores');
    }
    wanted.set('initial-cluster-token', initialClusterToken);
  }
  if (initialCluster !== undefined) {
    if (!/^[A-Za-z0-9.:/,=_[\]-]{1,4096}$/.test(initialCluster)) {
      throw unsafe('The initial cluster', initialCluster, 'names and URLs, at most 4096 characters');
    }
    wanted.set('initial-cluster', initialCluster);
  }
  return wanted;
}

type ClusterSetting = 'initial-cluster-state' | 'initial-cluster-token' | 'initial-cluster';

function unsafe(what: string, value: string, allowed: string): OpsError {
  return new OpsError('ARGUMENT_UNSAFE', `${what} ${JSON.stringify(value.slice(0, 200))} holds more than ${allowed}.`);
}

/**
 * The name of the copy that is kept of a file: it says what came after it, so that a repeat makes no second one.
 * A whole initial cluster would be too long for a name; 12 digits of a hash over all of the settings stand for it.
 */
export function copyName(file: string, settings: ClusterSettings): string {
  const { initialClusterState, initialClusterToken, initialCluster } = settings;
  const values = JSON.stringify([...wantedValues(settings)]);
  const after = initialCluster === undefined ? initialClusterToken : createHash('sha256').update(values).digest('hex').slice(0, 12);
  return `${file}.before-${initialClusterState}${after === undefined ? '' : `-${after}`}.etcd-medic`;
}

const asVariable = (name: string) => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;

/** What an old value may be made of; one that holds more is left in part, which is seen before anything is touched. */
const valueOf = (name: string) => (name === 'initial-cluster' ? '[][A-Za-z0-9.:/,=_-]*' : '[A-Za-z0-9._-]*');

/**
 * One expression for all three styles: `ETCD_X="v"` in an environment file, `--x=v` or `--x v` in a unit, `x: v` in YAML.
 * Quotes, comments and all else of the file stay as they are, byte for byte. No value can hold the delimiter.
 */
function replacing(name: string, value: string): string {
  return `/^ *[#;]/!s@((${asVariable(name)}|${name})[=: ] *["']?)${valueOf(name)}@\\1${value}@g`;
}

/** A blank is written as an escape: sudo sees arguments joined by blanks, and what follows one could pass for a file's name. */
function appending(line: string): string {
  return `$a${line.replace(' ', String.raw`\x20`)}`;
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
    const old = name === 'initial-cluster' ? String.raw`[A-Za-z0-9.:/,=_[\]-]*` : '[A-Za-z0-9._-]*';
    const pattern = new RegExp(`((?:${asVariable(name)}|${name})[=: ] *["']?)${old}`, 'g');
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
