/** Another way of telling etcd the same settings, on a host of a lab that has Debian's unit. */
import { execIn } from './exec.ts';
import { flagsInUnit, ownUnitPath, yamlFile } from './layouts.ts';
import { settingsIn } from './settings.ts';
import type { EtcdPlace } from './site.ts';
import { environmentFile } from './sites/plain.ts';
import type { HostState, LabState } from './state.ts';
import { etcdOf } from './urls.ts';

/** In the EnvironmentFile of Debian's unit, as flags in a unit file of the administrator's own, or in a YAML file that such a unit names. */
export type ConfigurationStyle = 'environment-file' | 'flags' | 'config-file';

export const configFile = '/etc/etcd/etcd.conf.yml';
const restartWithinMs = 60_000;

/**
 * Writes what `/etc/default/etcd` says in that style, and restarts etcd; ends when etcd says that it is ready.
 * @throws Error when the site's settings are not there
 */
export async function configureBy(lab: LabState, host: HostState, style: ConfigurationStyle): Promise<void> {
  const etcd = etcdOf(lab);
  const { stdout } = await execIn(lab, host, ['cat', environmentFile]);
  const settings = settingsIn(stdout);
  if (!settings.has('data-dir')) throw new Error(`the settings of the site ${lab.site} are not all in ${environmentFile}`);
  const layout = { 'environment-file': () => [], flags: flagsInUnit, 'config-file': yamlFile(configFile) }[style];
  await execIn(lab, host, ['rm', '-f', ownUnitPath(etcd.unit), configFile]);
  await write(lab, host, layout({ ...etcd, settings }));
  await execIn(lab, host, ['systemctl', 'daemon-reload']);
  await execIn(lab, host, ['timeout', String(restartWithinMs / 1_000), 'systemctl', 'restart', etcd.unit]);
}

async function write(lab: LabState, host: HostState, files: ReturnType<EtcdPlace['layout']>): Promise<void> {
  for (const { path, text } of files) await execIn(lab, host, ['sh', '-c', 'cat > "$1"', 'write', path], { input: text });
}
