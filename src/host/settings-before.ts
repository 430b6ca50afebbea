/** What etcd's settings were before a run changed them: read from the copy of their file that was kept beside it. */
import type { HostCommand } from './command.ts';
import { configurationFacts, lookAtConfiguration, print, printAll, withText } from './configuration.ts';
import type { EtcdSettings } from './etcd-settings.ts';
import type { createForesight } from './foresight.ts';
import type { ClusterSettings } from './host.ts';
import { copyName, wantedValues } from './settings-edit.ts';
import type { Shell } from './shell.ts';

/** Ends the name of a unit file that was set aside while the unit is masked; the copy may have been made under either name. */
const setAside = '.masked-by-etcd-medic';

/** Prints the copy that was kept of a file when these settings were put into it. */
export function copyLook(file: string, settings: ClusterSettings): HostCommand {
  return print(copyName(file, settings));
}

/**
 * Exactly the settings that `wanted` has, with their values of before.
 * @returns undefined when no copy is there: the settings were never changed here, or somebody removed it
 * @throws OpsError HOST_*
 */
export async function settingsBefore(
  shell: Shell,
  unit: string,
  wanted: ClusterSettings,
  foresee: ReturnType<typeof createForesight>,
): Promise<ClusterSettings | undefined> {
  const now = await lookAtConfiguration(foresee('settings'), unit);
  const { file } = configurationFacts(now);
  const names = new Set([file, file.endsWith(setAside) ? file.slice(0, -setAside.length) : file]);
  const [copy] = await printAll(
    shell,
    [...names].map((name) => copyName(name, wanted)),
  );
  return copy === undefined ? undefined : formerly(withText(now, { path: file, text: copy.text }).settings, wanted);
}

/**
 * Where one stood nowhere it gets what etcd takes without it (https://etcd.io/docs/v3.5/op-guide/configuration/#clustering): a line that
 * was added is not taken away again, and an initial cluster without a default that fits is left as it is.
 */
function formerly({ values }: Pick<EtcdSettings, 'values'>, wanted: ClusterSettings): ClusterSettings {
  const names = wantedValues(wanted);
  const before = (name: Parameters<typeof names.has>[0]) => (names.has(name) ? values.get(name)?.value : undefined);
  const initialCluster = before('initial-cluster');
  return {
    initialClusterState: before('initial-cluster-state') === 'existing' ? 'existing' : 'new',
    ...(names.has('initial-cluster-token') && { initialClusterToken: before('initial-cluster-token') ?? 'etcd-cluster' }),
    ...(initialCluster !== undefined && { initialCluster }),
  };
}
