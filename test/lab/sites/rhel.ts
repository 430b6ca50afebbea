/** As the package of RHEL and its kin has it: a shell starts etcd. */
import { packagedUnitPath, unitText } from '../layouts.ts';
import type { Layout } from '../layouts.ts';
import { environmentText, only, without } from '../settings.ts';
import type { SiteDifference } from '../site.ts';

const settingsFile = '/etc/etcd/etcd.conf';

const unit = (name: string, command: string) => ({
  path: packagedUnitPath(name),
  text: unitText({
    description: 'Etcd Server',
    service: [
      'WorkingDirectory=/var/lib/etcd/',
      `EnvironmentFile=-${settingsFile}`,
      'User=etcd',
      '# set GOMAXPROCS to number of processors',
      `ExecStart=/bin/bash -c "GOMAXPROCS=$(nproc) ${command}"`,
      'Restart=on-failure',
    ],
    limit: 65_536,
  }),
});

const byShell: Layout = (told) => [unit(told.unit, '/usr/bin/etcd'), { path: settingsFile, text: environmentText(told.settings) }];

/**
 * RHEL 7 has `--name=\"${ETCD_NAME}\"` there. Since 3.4 etcd refuses to start when a flag and its own variable are both given
 * (https://github.com/etcd-io/etcd/blob/v3.4.0/pkg/flags/flag.go), so those who kept the line have other names for the variables.
 */
const byShellWithFlags: Layout = (told) => {
  const flags = ['name', 'data-dir'];
  const renamed = environmentText(only(told.settings, flags)).replaceAll(/^ETCD_/gm, 'MEMBER_');
  return [
    unit(told.unit, String.raw`/usr/bin/etcd --name=\"${'${MEMBER_NAME}'}\" --data-dir=\"${'${MEMBER_DATA_DIR}'}\"`),
    { path: settingsFile, text: `${renamed}${environmentText(without(told.settings, flags))}` },
  ];
};

const place = { dataDir: '/var/lib/etcd/default.etcd' };
const rest = { ownDirs: ['/var/lib/etcd'], absent: ['/etc/default/etcd', '/data'] };

export const rhel: SiteDifference = {
  about: 'ExecStart is /bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd", settings in /etc/etcd/etcd.conf',
  etcds: [{ ...place, layout: byShell }],
  ...rest,
};

export const rhelFlags: SiteDifference = {
  about: 'as rhel, with --name and --data-dir on the line of the shell, from variables of the file',
  etcds: [{ ...place, layout: byShellWithFlags }],
  ...rest,
};
