/** The files in which etcd is told its settings, of each kind that sites have: what a layout makes depends on nothing but what it is told. */
import { environmentText, flagsOf, unflagged, without, yamlText } from './settings.ts';
import type { Settings } from './settings.ts';

/** A file of root's, mode 0644. */
export interface HostFile {
  readonly path: string;
  readonly text: string;
}

interface Told {
  /** Without `.service`. */
  readonly unit: string;
  readonly user: string;
  /** The directory of etcd, etcdctl and etcdutl. */
  readonly programs: string;
  readonly settings: Settings;
}

export type Layout = (told: Told) => readonly HostFile[];

/** Where Debian's package has the unit; /lib is a link to /usr/lib. */
export const packagedUnitPath = (unit: string): string => `/usr/lib/systemd/system/${unit}.service`;
export const ownUnitPath = (unit: string): string => `/etc/systemd/system/${unit}.service`;

/** The package's unit and the EnvironmentFile it names. @param unsaid settings that are left to the unit's own Environment= lines */
export function packaged(path: string, unsaid: readonly string[] = []): Layout {
  return ({ settings }) => [{ path, text: environmentText(without(settings, unsaid)) }];
}

/** A unit of the administrator's own with one EnvironmentFile, values without quotes. */
export function ownUnitWithEnvironment(path: string): Layout {
  return ({ unit, user, programs, settings }) => [
    { path, text: `# Environment file for etcd\n${environmentText(settings, '')}` },
    {
      path: ownUnitPath(unit),
      text: unitText({
        description: 'etcd',
        service: [`User=${user}`, `EnvironmentFile=${path}`, `ExecStart=${programs}/etcd`, 'NotifyAccess=all', 'Restart=always'],
        limit: 40_000,
      }),
    },
  ];
}

/** Every setting a flag in a unit of the administrator's own. */
export const flagsInUnit: Layout = (told) => [flagUnit(told, flagsOf(told.settings))];

/** A YAML file that such a unit names. */
export function yamlFile(path: string): Layout {
  return (told) => [flagUnit(told, [`--config-file=${path}`]), { path, text: yamlText(told.settings) }];
}

function flagUnit({ unit, user, programs, settings }: Told, flags: readonly string[]): HostFile {
  return {
    path: ownUnitPath(unit),
    text: unitText({
      description: 'etcd, as this administrator likes it',
      service: [
        `User=${user}`,
        ...unflagged(settings),
        // A comment in the middle does not end it (systemd.syntax(7)).
        `ExecStart=${programs}/etcd \\`,
        '# in alphabetical order, some day',
        flags.map((flag) => `  ${flag}`).join(' \\\n'),
        'Restart=on-abnormal',
      ],
      limit: 65_536,
    }),
  };
}

/** A whole unit file. @param limit of open files */
export function unitText({ description, service, limit }: { description: string; service: readonly string[]; limit: number }): string {
  return [
    '[Unit]',
    `Description=${description}`,
    'After=network.target',
    '',
    '[Service]',
    'Type=notify',
    ...service,
    `LimitNOFILE=${limit}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}
