/** etcd's settings by flag name, and the three ways in which people write them down. */
import { stringify } from 'yaml';

/** By etcd's flag names, e.g. `initial-cluster-state`. */
export type Settings = ReadonlyMap<string, string>;

/** The one setting that is no flag. */
const architecture = 'unsupported-arch';

/** Lines of an EnvironmentFile. @param quote what stands around a value */
export function environmentText(settings: Settings, quote = '"'): string {
  return [...settings].map(([name, value]) => `${variableOf(name)}=${quote}${value}${quote}\n`).join('');
}

/** `initial-cluster` -> `ETCD_INITIAL_CLUSTER`. */
function variableOf(name: string): string {
  return `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What an EnvironmentFile says. */
export function settingsIn(environment: string): Settings {
  return new Map(
    [...environment.matchAll(/^ETCD_([A-Z0-9_]+)="?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase().replaceAll('_', '-'),
      value,
    ]),
  );
}

/** The settings of these names, or all but these. */
export function only(settings: Settings, names: readonly string[]): Settings {
  return new Map([...settings].filter(([name]) => names.includes(name)));
}

/** See `only`. */
export function without(settings: Settings, names: readonly string[]): Settings {
  return new Map([...settings].filter(([name]) => !names.includes(name)));
}

/** Of both forms, a line each, as people write them. */
export function flagsOf(settings: Settings): readonly string[] {
  return [...settings].flatMap(([name, value]) => {
    if (name === architecture) return [];
    return [name === 'initial-cluster' || name === 'initial-cluster-token' ? `--${name} ${value}` : `--${name}=${value}`];
  });
}

/** The Environment= lines of a unit for what no flag can say. */
export function unflagged(settings: Settings): readonly string[] {
  const arch = settings.get(architecture);
  return arch === undefined ? [] : [`Environment=ETCD_UNSUPPORTED_ARCH=${arch}`];
}

/** What stands in a map of its own in YAML: what clients see, and what the other members see. */
const securityNames = ['cert-file', 'key-file', 'trusted-ca-file', 'client-cert-auth'];

/** A file for `--config-file`. */
export function yamlText(settings: Settings): string {
  const typed = (value: string) => (value === 'true' || value === 'false' ? value === 'true' : value);
  const security = (prefix: string) =>
    Object.fromEntries(
      securityNames.flatMap((name) => {
        const value = settings.get(`${prefix}${name}`);
        return value === undefined ? [] : [[name, typed(value)]];
      }),
    );
  const apart = new Set([architecture, ...securityNames, ...securityNames.map((name) => `peer-${name}`)]);
  const top = Object.fromEntries([...settings].filter(([name]) => !apart.has(name)).map(([name, value]) => [name, typed(value)]));
  return `# etcd's settings\n${stringify(
    { ...top, 'client-transport-security': security(''), 'peer-transport-security': security('peer-') },
    { lineWidth: 0 },
  )}`;
}
