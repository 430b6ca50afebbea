/** The plans of a host in memory: in shape as real hosts make them. */
import type { Host, HostCommands } from '../../src/host/host.ts';
import type { Machine, Site } from './machine.ts';

/** Each act as one or two commands. */
export function commandsOf({ member }: Machine, site: Site, paths: Host['paths']): HostCommands {
  const on = (...argv: string[]) => [{ on: member, argv }];
  return {
    receive: ({ remotePath }) => on('receive', remotePath),
    restoreSnapshot: ({ intoDir }, { program }) => on(program, 'snapshot', 'restore', `--data-dir=${intoDir}`),
    configure: ({ initialClusterState }, { file }) => on('edit', file, initialClusterState),
    stopAndMask: () => [...on('systemctl', 'mask', 'etcd'), ...on('systemctl', 'stop', 'etcd')],
    swapDataDir: (run, dataDir) => [
      ...(dataDir?.exists === false ? on('mkdir', paths(run).aside) : on('mv', site.dataDir, paths(run).aside)),
      ...on('mv', paths(run).restored, site.dataDir),
    ],
    unmaskAndStart: () => on('systemctl', 'start', 'etcd'),
    fetchDatabase: () => on('cat', `${site.dataDir}/member/snap/db`),
    makeDataDir: () => on('mkdir', site.dataDir),
    stop: () => on('systemctl', 'stop', 'etcd'),
    restart: () => on('systemctl', 'restart', 'etcd'),
    putDataAside: (run) => [...on('mv', site.dataDir, paths(run).aside), ...on('mkdir', site.dataDir)],
    returnAside: (run, earlier) => [...on('mv', site.dataDir, paths(run).aside), ...on('mv', paths(earlier).aside, site.dataDir)],
    deleteAside: (run) => on('rm', '-rf', paths(run).aside),
    removeScratch: (run) => on('rm', '-f', paths(run).snapshot),
    removeRestored: (run) => on('rm', '-rf', paths(run).restored),
  };
}
