/** Which settings etcd gets when its unit starts, and where each one stands. Pure. */
import { parse as parseYaml } from 'yaml';
import type { ConfigurationStyle } from './host.ts';
import { assignments, lastOf, listOf, words } from './unit-text.ts';
import type { Directive, TextFile } from './unit-text.ts';

/** A setting by etcd's flag name, e.g. `initial-cluster-state`. */
export interface EtcdSetting {
  readonly value: string;
  /** The file where it stands. */
  readonly file: string;
}

/** All settings that are given, with their style. */
export interface EtcdSettings {
  /** `config-file`: etcd then ignores flags and environment. */
  readonly style: ConfigurationStyle;
  readonly values: ReadonlyMap<string, EtcdSetting>;
  /** The program of ExecStart. */
  readonly program: string;
  /** The unit file that has the ExecStart which counts. */
  readonly unitFile: string;
  /** Words of ExecStart that belong to no flag; etcd refuses to start with any. */
  readonly strays: readonly string[];
}

/** The environment files that the unit names, in order; `-` before a path means that it may be missing. */
export function environmentFilePaths(directives: readonly Directive[], unit: string): readonly string[] {
  const prefix = unit.replace(/\.[a-z]+$/, '');
  const specifiers: Readonly<Record<string, string>> = { '%p': prefix, '%N': prefix, '%n': `${prefix}.service`, '%%': '%' };
  return listOf(directives, 'EnvironmentFile').map(({ value }) =>
    value.replace(/^-/, '').replaceAll(/%./g, (specifier) => specifiers[specifier] ?? specifier),
  );
}

/** The YAML file that the unit hands to etcd, if it does. */
export function configFilePath(directives: readonly Directive[], environmentFiles: readonly TextFile[]): string | undefined {
  const { flags, environment } = commandLine(directives, environmentFiles);
  return (flags.get('config-file') ?? environment.get('ETCD_CONFIG_FILE'))?.value;
}

/**
 * Flags go before the environment, and a config file goes before both
 * (https://etcd.io/docs/v3.5/op-guide/configuration/). An EnvironmentFile goes before Environment= (systemd.exec(5)).
 */
export function etcdSettings(directives: readonly Directive[], environmentFiles: readonly TextFile[], configFile?: TextFile): EtcdSettings {
  const { flags, strays, environment, program, unitFile } = commandLine(directives, environmentFiles);
  if (configFile !== undefined) return { style: 'config-file', values: yamlValues(configFile), program, unitFile, strays };
  const values = new Map<string, EtcdSetting>();
  for (const [key, setting] of environment)
    if (key.startsWith('ETCD_')) values.set(key.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-'), setting);
  for (const [name, setting] of flags) values.set(name, setting);
  const inEnvironmentFile =
    environmentFiles.some(({ path }) => path === stateFile(values)) || (stateFile(values) === undefined && environmentFiles.length > 0);
  return { style: inEnvironmentFile ? 'environment-file' : 'flags', values, program, unitFile, strays };
}

function stateFile(values: ReadonlyMap<string, EtcdSetting>): string | undefined {
  return (values.get('initial-cluster-state') ?? values.get('initial-cluster-token') ?? values.get('initial-cluster'))?.file;
}

function commandLine(directives: readonly Directive[], environmentFiles: readonly TextFile[]) {
  const environment = new Map<string, EtcdSetting>();
  for (const { path, value } of listOf(directives, 'Environment')) {
    for (const word of words(value)) {
      const at = word.indexOf('=');
      if (at > 0) environment.set(word.slice(0, at), { value: word.slice(at + 1), file: path });
    }
  }
  for (const { path, text } of environmentFiles) for (const [key, value] of assignments(text)) environment.set(key, { value, file: path });
  const execStart = lastOf(directives, 'ExecStart');
  const unitFile = execStart?.path ?? '';
  const [program = { value: '', file: unitFile }, ...args] = words(execStart?.value ?? '').flatMap((word) =>
    expand({ value: word, file: unitFile }, environment),
  );
  // Characters before the path change how systemd runs it, not what (systemd.service(5), "Special executable prefixes").
  return { environment, ...flagsOf(args), program: program.value.replace(/^[-@:+!|]+/, ''), unitFile };
}

/** `$NAME` alone becomes its words, `${NAME}` its text (systemd.service(5), COMMAND LINES). A value belongs to the file it comes from. */
function expand(word: EtcdSetting, environment: ReadonlyMap<string, EtcdSetting>): readonly EtcdSetting[] {
  const alone = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word.value)?.[1];
  if (alone !== undefined) {
    const found = environment.get(alone);
    return found === undefined ? [] : words(found.value).map((value) => ({ value, file: found.file }));
  }
  let { file } = word;
  const value = word.value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const found = environment.get(name);
    if (found !== undefined) file = found.file;
    return found?.value ?? '';
  });
  return [{ value, file }];
}

function flagsOf(args: readonly EtcdSetting[]): { readonly flags: Map<string, EtcdSetting>; readonly strays: readonly string[] } {
  const flags = new Map<string, EtcdSetting>();
  const strays: string[] = [];
  let isTaken = false;
  for (const [index, { value: word, file }] of args.entries()) {
    const [, name, value] = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      if (!isTaken) strays.push(word);
      isTaken = false;
      continue;
    }
    const next = args[index + 1];
    isTaken = value === undefined && next !== undefined && !next.value.startsWith('-');
    if (value !== undefined) flags.set(name, { value, file });
    else flags.set(name, isTaken && next !== undefined ? next : { value: 'true', file });
  }
  return { flags, strays };
}

function yamlValues({ path, text }: TextFile): ReadonlyMap<string, EtcdSetting> {
  const document: unknown = parseYaml(text);
  if (document === null || typeof document !== 'object') return new Map();
  return new Map(
    Object.entries(document).map(([key, value]) => [
      key,
      { value: typeof value === 'object' ? JSON.stringify(value) : String(value), file: path },
    ]),
  );
}
