/** The three ways in which etcd is told its settings, written on a host of a lab with the same content. */
import { stringify } from 'yaml';
import { execIn } from './exec.ts';
import { environmentFile } from './host-files.ts';
import type { HostState, LabState } from './state.ts';

/** In the EnvironmentFile of Debian's unit, as flags in a unit file of the administrator's own, or in a YAML file that such a unit names. */
export type ConfigurationStyle = 'environment-file' | 'flags' | 'config-file';

export const ownUnitFile = '/etc/systemd/system/etcd.service';
export const configFile = '/etc/etcd/etcd.conf.yml';
const restartWithinMs = 60_000;

/** Writes what `/etc/default/etcd` says in that style, and restarts etcd; ends when etcd says that it is ready. */
export async function configureBy(lab: LabState, host: HostState, style: ConfigurationStyle): Promise<void> {
  const { stdout } = await execIn(lab, host, ['cat', environmentFile]);
  const settings = settingsOf(stdout);
  const files =
    style === 'environment-file'
      ? []
      : style === 'flags'
        ? [{ path: ownUnitFile, text: unit(settings, flags(settings)) }]
        : [
            { path: ownUnitFile, text: unit(settings, [`--config-file=${configFile}`]) },
            { path: configFile, text: yaml(settings) },
          ];
  await execIn(lab, host, ['rm', '-f', ownUnitFile, configFile]);
  for (const { path, text } of files) await execIn(lab, host, ['sh', '-c', 'cat > "$1"', 'write', path], { input: text });
  await execIn(lab, host, ['systemctl', 'daemon-reload']);
  await execIn(lab, host, ['timeout', String(restartWithinMs / 1_000), 'systemctl', 'restart', 'etcd']);
}

/** By etcd's flag names. */
function settingsOf(environment: string): ReadonlyMap<string, string> {
  return new Map(
    [...environment.matchAll(/^ETCD_([A-Z0-9_]+)="?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase().replaceAll('_', '-'),
      value,
    ]),
  );
}

/** The one setting that is no flag. */
const architecture = 'unsupported-arch';

/** Of both forms, a line each, as people write them. */
function flags(settings: ReadonlyMap<string, string>): readonly string[] {
  return [...settings].flatMap(([name, value]) => {
    if (name === architecture) return [];
    return [name === 'initial-cluster' || name === 'initial-cluster-token' ? `--${name} ${value}` : `--${name}=${value}`];
  });
}

function unit(settings: ReadonlyMap<string, string>, args: readonly string[]): string {
  const arch = settings.get(architecture);
  return [
    '[Unit]',
    'Description=etcd, as this administrator likes it',
    'After=network.target',
    '',
    '[Service]',
    'Type=notify',
    'User=etcd',
    ...(arch === undefined ? [] : [`Environment=ETCD_UNSUPPORTED_ARCH=${arch}`]),
    // A comment in the middle does not end it (systemd.syntax(7)).
    'ExecStart=/usr/bin/etcd \\',
    '# in alphabetical order, some day',
    args.map((arg) => `  ${arg}`).join(' \\\n'),
    'Restart=on-abnormal',
    'LimitNOFILE=65536',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** What stands in a map of its own in YAML: what clients see, and what the other members see. */
const securityNames = ['cert-file', 'key-file', 'trusted-ca-file', 'client-cert-auth'];

function yaml(settings: ReadonlyMap<string, string>): string {
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
