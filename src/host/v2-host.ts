/** What a host can do for API 2: puts the parts together behind `HostV2`. */
import type { Clock } from '../engine/ports.ts';
import type { MemberName, RunId } from '../ids.ts';
import { planned } from './command.ts';
import { readConfiguration } from './configuration.ts';
import { clearForce, plannedClear, readForce, setForce, setForceCommands } from './force-new-cluster.ts';
import type { RunPaths } from './host.ts';
import type { Shell } from './shell.ts';
import { readTool, toolLooks } from './tool.ts';
import { ownerOf, readUnit } from './unit.ts';
import type { HostV2 } from './v2.ts';
import { makeBackup, makeBackupCommands, refuseTool, unpackBackup, unpackBackupCommands } from './v2-backup.ts';
import { fetchBackup, fetchBackupCommands } from './v2-fetch.ts';
import { inspectBackup } from './v2-inspect.ts';

/** What it is made of. */
export interface V2HostDeps {
  readonly shell: Shell;
  readonly member: MemberName;
  readonly unit: string;
  readonly dataDir: string;
  readonly paths: (run: RunId) => RunPaths;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** etcd's user, as plans name it. */
const plannedOwner = { user: 'etcd', group: 'etcd' };

/** Asks nothing yet. */
export function createHostV2({ shell, member, unit, dataDir, paths, clock }: V2HostDeps): HostV2 {
  const read = async () => {
    const reading = await readUnit(shell, unit);
    const { settings } = await readConfiguration(shell, unit, reading);
    const [{ answers }, owner] = await Promise.all([shell.session(toolLooks), ownerOf(shell, reading)]);
    const tool = await readTool(shell, settings.program, answers);
    return { settings, tool, owner };
  };
  const about = async (run: RunId) => ({ shell, dataDir, paths: paths(run), clock, ...(await read()) });
  return {
    async settings() {
      const { settings, tool } = await read();
      const enabled = settings.values.get('enable-v2')?.value;
      return { style: settings.style, enabled: enabled !== undefined && /^(true|1|t|T|TRUE|True)$/.test(enabled), tool };
    },
    makeBackup: async (run) => makeBackup(await about(run)),
    unpackBackup: async (run) => unpackBackup(await about(run)),
    inspect: async (run) => inspectBackup(await about(run)),
    async fetchBackup(run, toPath, progress) {
      const deps = await about(run);
      refuseTool(deps);
      return fetchBackup(deps, toPath, progress);
    },
    force: () => readForce(shell, unit),
    setForce: () => setForce(shell, unit),
    clearForce: () => clearForce(shell, unit),
    commands: {
      makeBackup: (run, tool) => planned(member, makeBackupCommands(dataDir, paths(run), tool, plannedOwner)),
      unpackBackup: (run, tool) => planned(member, unpackBackupCommands(paths(run), tool, plannedOwner)),
      fetchBackup: (run) => {
        const { prepare, pack, size: _size, hash, read: copy, remove } = fetchBackupCommands(paths(run), plannedOwner);
        return planned(member, [...prepare, pack, hash, copy, remove]);
      },
      setForce: () => planned(member, setForceCommands(unit)),
      clearForce: () => planned(member, plannedClear(unit)),
    },
  };
}
