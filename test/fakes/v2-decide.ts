/** What is left to do on a host in memory for the acts of API 2: backups beside the data-dir, and a start as a new cluster of one. */
import type { HostAct } from '../../src/host/host.ts';
import { pathsOf, refused } from './operation.ts';
import type { On, Operation } from './operation.ts';
import { copyOf, makeDir, startEtcd } from './machine.ts';
import type { Data } from './machine.ts';

/** @throws OpsError HOST_COMMAND_FAILED when the act is refused as things lie */
export function decideV2(act: Extract<HostAct['act'], `v2-${string}`>, on: On): readonly Operation[] {
  const { machine, site, run } = on;
  const { snapshot, restored } = pathsOf(site, run);
  switch (act) {
    case 'v2-backup': {
      const data = machine.dirs.get(site.dataDir)?.data;
      return make(['etcdctl', 'backup', `--backup-dir=${restored}`], data && backupOf(data, run), on);
    }
    case 'v2-unpack': {
      const data = site.v2Archives.get(machine.files.get(snapshot) ?? '');
      return make(['tar', '--extract', `--file=${snapshot}`], data && copyOf(data), on);
    }
    case 'v2-fetch':
      if (!machine.dirs.has(restored)) throw refused(on, 'it has no backup');
      return [{ argv: ['tar', '--create', `--directory=${restored}`], apply: () => undefined }];
    case 'v2-force':
      if (machine.style === 'config-file') throw refused(on, 'etcd reads a YAML file');
      return machine.force.set ? [] : [{ argv: ['set', 'ETCD_FORCE_NEW_CLUSTER'], apply: () => (machine.force.set = true) }];
    case 'v2-unforce':
      return [
        ...(machine.force.set ? [{ argv: ['unset', 'ETCD_FORCE_NEW_CLUSTER'], apply: () => (machine.force.set = false) }] : []),
        ...(machine.unit.active && machine.force.runs
          ? [{ argv: ['systemctl', 'restart', 'etcd'], apply: () => startEtcd(machine, site) }]
          : []),
      ];
    default:
      return act satisfies never;
  }
}

function make(argv: readonly string[], content: Data | undefined, on: On): readonly Operation[] {
  const { machine, site, run } = on;
  const { restored } = pathsOf(site, run);
  if (machine.dirs.has(restored)) return [];
  if (content === undefined) throw refused(on, 'it has nothing to read');
  return [
    {
      argv,
      apply: () => {
        machine.dirs.delete(`${restored}.part`);
        machine.dirs.set(restored, makeDir(site, content));
      },
      half: () => machine.dirs.set(`${restored}.part`, makeDir(site, undefined)),
    },
  ];
}

/** The data of a backup: what API 2 has, and of API 3 only what somebody put in by hand. */
function backupOf(data: Data, run: string): Data {
  const backup: Data = { ...copyOf(data), token: `v2-${run}`, revision: 0n };
  backup.keys.clear();
  return backup;
}
