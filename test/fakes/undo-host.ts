/** What undoing asks of a host in memory: the swap of an earlier run turned round, and the copies that are kept of its settings. */
import type { ClusterSettings, Host } from '../../src/host/host.ts';
import { makeDir } from './machine.ts';
import type { Machine, Site } from './machine.ts';

interface UndoDeps {
  readonly machine: Machine;
  readonly site: Site;
  readonly paths: Host['paths'];
  readonly reach: () => void;
  readonly perform: (name: string, whole: () => boolean, half?: () => void) => void;
}

/** The part of a host, and how `configure` keeps a copy of the settings as they were. */
export function fakeUndo({ machine, site, paths, reach, perform }: UndoDeps) {
  const copies = new Map<string, ClusterSettings>();
  const part: Pick<Host, 'returnAside' | 'settingsBefore'> = {
    async settingsBefore(settings) {
      reach();
      const before = copies.get(nameOf(settings));
      if (before === undefined) return undefined;
      const keys = Object.keys(settings) as (keyof ClusterSettings)[];
      return Object.fromEntries(keys.map((key) => [key, before[key]])) as unknown as ClusterSettings;
    },
    async returnAside(run, earlier) {
      const { dirs } = machine;
      const [kept, aside] = [paths(earlier).aside, paths(run).aside];
      const moveAside = () => {
        if (dirs.has(aside)) return;
        dirs.set(aside, dirs.get(site.dataDir) ?? makeDir(site, undefined));
        dirs.delete(site.dataDir);
      };
      perform(
        'returnAside',
        () => {
          const back = dirs.get(kept);
          if (back === undefined) return false;
          if (machine.unit.active || !machine.unit.masked) throw new Error(`${machine.member} is not fenced while its data is put back`);
          moveAside();
          if (dirs.has(site.dataDir)) throw new Error(`${machine.member} would lose a data-dir`);
          dirs.set(site.dataDir, back);
          dirs.delete(kept);
          return true;
        },
        moveAside,
      );
    },
  };
  return { part, keepCopy: (wanted: ClusterSettings) => copies.set(nameOf(wanted), machine.settings) };
}

/** The real name of a copy is made of the wanted settings too. */
function nameOf(settings: ClusterSettings): string {
  return JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => one.localeCompare(other)));
}
