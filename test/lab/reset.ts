/** Puts a host back to what it was when it was new, whatever a test or a run did to it. */
import { dirname } from 'node:path';
import { doorLeavings, installDoor } from './door.ts';
import { execIn } from './exec.ts';
import { etcdFiles, makeDataDirs, writeHostFiles } from './host-files.ts';
import { restoreNetwork } from './network.ts';
import { powerOn } from './power.ts';
import type { HostState, LabState } from './state.ts';
import { configFile } from './styles.ts';
import { siteOf } from './urls.ts';

/** Where units are that a person or a run made. */
const unitDirs = ['/etc/systemd/system', '/run/systemd/system'];

/** Switches a host on when it is off, and leaves it with etcd stopped and no data. */
export async function cleanHost(lab: LabState, host: HostState): Promise<void> {
  await restoreNetwork(lab, host);
  await powerOn(lab, host);
  const { stdout } = await execIn(lab, host, ['sh', '-s'], { input: strayFiles(lab, host) });
  const written = await writeHostFiles(lab, host);
  const isReload = [...stdout.split('\n'), ...written].some((path) => path.includes('/systemd/system/'));
  await execIn(lab, host, ['sh', '-s'], { input: emptied(lab, isReload) });
  await makeDataDirs(lab, host);
  if (host.bastion !== true) await installDoor(lab, host);
}

/**
 * Removes files that were not there when the host was new, and prints their paths.
 * Killing all of the unit ssh also ends what sessions still do, with sudo or without: a late restore must not write into the new cluster.
 */
function strayFiles(lab: LabState, host: HostState): string {
  const own = etcdFiles(lab, host).map(({ path }) => path);
  const units = siteOf(lab).etcds.flatMap(({ unit }) =>
    unitDirs.flatMap((dir) => [`${dir}/${unit}.service`, `${dir}/${unit}.service.*`, `${dir}/${unit}.service.d/*`]),
  );
  const settings = [...own.filter((path) => !path.includes('/systemd/system/')).map((path) => `${path}?*`), `${configFile}*`];
  // A file of the site is written over, not removed; a directory of drop-ins is no file.
  const keep = [...own, ...new Set(own.map(dirname))].map((path) => ` ! -path ${path}`).join('');
  return `
systemctl kill --signal=KILL ssh
systemctl reset-failed ssh
systemctl restart ssh
for path in ${[...units, ...settings].join(' ')}; do
  [ ! -e "$path" ] && [ ! -L "$path" ] || find "$path" -maxdepth 0${keep} -print -exec rm -rf {} +
done
`;
}

/**
 * Stops etcd, masked or not, and removes its data and all that lies about, in the order it is put right. A reload of systemd costs as much as all the rest.
 */
function emptied(lab: LabState, isReload: boolean): string {
  const { etcds, ownDirs } = siteOf(lab);
  const units = etcds.map(({ unit }) => unit).join(' ');
  const dirs = etcds.flatMap(({ dataDir, walDir }) => [dataDir, ...(walDir === undefined ? [] : [walDir])]);
  return `
if ${isReload ? 'true' : 'false'} || systemctl show --property=NeedDaemonReload --value ${units} | grep -q yes; then systemctl daemon-reload; fi
systemctl --no-block stop ${units}
systemctl kill --signal=KILL ${units}
systemctl stop ${units}
systemctl reset-failed ${units}
for dir in ${dirs.join(' ')}; do mountpoint -q $dir || rm -rf $dir; done
for dir in ${[...dirs, ...ownDirs, '/tmp', '/var/tmp'].join(' ')}; do
  [ ! -d $dir ] || find $dir -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' ! -name lost+found -exec rm -rf {} +
done
rm -rf ${[...dirs.map((dir) => `${dir}.*`), ...doorLeavings].join(' ')}
[ ! -e /bin/date.real ] || mv /bin/date.real /bin/date
[ ! -e /usr/local/sbin/etcd-medic-host.real ] || mv /usr/local/sbin/etcd-medic-host.real /usr/local/sbin/etcd-medic-host
[ ! -d /home/etcdops ] || find /home/etcdops -mindepth 1 -maxdepth 1 ! -name '.ssh' ! -name '.bash*' ! -name '.profile' -exec rm -rf {} +
for unit in ${units}; do [ "$(systemctl is-active $unit)" = inactive ] || exit 1; done
for dir in ${dirs.join(' ')}; do [ -z "$(ls -A $dir 2>/dev/null | grep -v '^lost+found$')" ] || exit 1; done
`;
}
