/** The script that prepares a host: the settings, the helpers and the program in front of deploy/host/kit/*.sh. */
import { readFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import { hostFolder } from './program.ts';
import type { Program } from './program.ts';
import { shellWord } from './values.ts';
import type { Kind } from './values.ts';

/** What the script is to do. */
export interface Kit {
  readonly action: 'install' | 'remove';
  readonly cluster: string;
  /** The bot's user on the host; root when `asRoot`. */
  readonly user: string;
  /** Type and key, without a comment. */
  readonly key: string;
  /** The unit of etcd. */
  readonly unit: string;
  /** Where the key may be used from; everywhere when empty. */
  readonly from: string;
  /** The allowed groups, separated by commas; when empty those the host has already, or the usual ones. */
  readonly allow: string;
  readonly asRoot: boolean;
  /** The hosts as config.yaml names them: one of them is where the script runs. */
  readonly hosts: readonly string[];
  readonly program: Program;
}

const helpers = ['description', 'keys', 'look'];
const parts = ['base', 'program', 'access', 'main'];

/**
 * Writes the script: POSIX sh, for root. The same kit gives the same text.
 * @throws OpsError ARGUMENT_UNSAFE when a value cannot stand in a script
 */
export function kitScript(kit: Kit): string {
  const { modules, sha256 } = kit.program;
  const settings: readonly (readonly [string, Kind, string])[] = [
    ['action', 'action', kit.action],
    ['cluster', 'cluster', kit.cluster],
    ['user', 'user', kit.user],
    ['key', 'key', kit.key],
    ['unit', 'unit', kit.unit],
    ['from', 'from', kit.from],
    ['allow', 'allow', kit.allow],
    ['root', 'flag', kit.asRoot ? 'yes' : ''],
    ['hosts', 'hosts', kit.hosts.join(' ')],
    ['program', 'sha256', sha256],
    ['modules', 'modules', modules.map(({ name }) => name).join(' ')],
  ];
  return [
    '#!/bin/sh\n',
    `# Written by \`etcd-medic kit\`; to be run by root on a host of the cluster. What it does: docs/hosts.md.\n`,
    ...settings.map(([name, kind, value]) => `kit_${name}=${shellWord(kind, value)}\n`),
    // Of a script that was cut off nothing is done: the shell reads up to the last brace first.
    '\n{\n\nhelper() {\n  part=$1\n  shift\n  case $part in\n',
    ...helpers.map((name) => `    ${name}) "$python" -I -S - "$@" <<${hereDocument(`${name}.py`, read(`${name}.py`))}      ;;\n`),
    '  esac\n}\n\nmodule() {\n  case $1 in\n',
    ...modules.map(({ name, content }) => `    ${name}) cat <<${hereDocument(name, content)}      ;;\n`),
    '  esac\n}\n\n',
    ...parts.map((name) => read(`${name}.sh`)),
    '\n}\n',
  ].join('');
}

function read(name: string): string {
  return readFileSync(`${hostFolder}/kit/${name}`, 'utf8');
}

/** A text that the shell takes as it is: its end is a line that the text does not have. */
function hereDocument(name: string, content: string): string {
  const end = `END_OF_${name.replaceAll(/[^a-z]/g, '_')}`;
  if (!/^[a-z_]+$/.test(end.slice(7)) || content.includes(end) || content.includes('\0') || (content !== '' && !content.endsWith('\n')))
    throw new OpsError('ARGUMENT_UNSAFE', `${name} of deploy/host cannot stand in a script.`);
  return `'${end}'\n${content}${end}\n`;
}
