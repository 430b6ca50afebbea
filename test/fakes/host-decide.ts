/** What is left to do for an act on a host in memory: decided from what lies there, as the program on real hosts does it. */
import { OpsError } from '../../src/errors.ts';
import type { ClusterSettings, HostAct } from '../../src/host/host.ts';
import type { RunId } from '../../src/ids.ts';
import { copyOf, makeDir, startEtcd } from './machine.ts';
import type { Machine } from './machine.ts';
import { pathsOf, refused } from './operation.ts';
import type { On, Operation } from './operation.ts';
import { joinRestored } from './restored-membership.ts';
import { decideV2 } from './v2-decide.ts';

/** @throws OpsError HOST_COMMAND_FAILED when the act is refused as things lie */
export function decide(act: HostAct, on: On): readonly Operation[] {
  switch (act.act) {
    case 'receive':
      return receive(act.delivery.sha256, on);
    case 'restore':
      return restore(act.order, on);
    case 'settings':
      return settings(act.settings, on);
    case 'fence':
    case 'unmask-start':
    case 'stop':
    case 'restart':
      return decideUnit(act.act, on);
    case 'swap':
      return swap(on);
    case 'put-aside':
      return putAside(on);
    case 'put-back':
      return putBack(act.earlier, on);
    case 'make-data-dir':
      return on.machine.dirs.has(on.site.dataDir) ? [] : [mkdir(on, on.site.dataDir)];
    case 'delete-aside':
    case 'remove-restored':
    case 'remove-scratch':
      return decideRemoval(act.act, on);
    case 'fetch-database':
      if (on.machine.unit.active || on.machine.dirs.get(on.site.dataDir)?.data === undefined)
        throw refused(on, 'it has no database to copy');
      return [{ argv: ['cat', `${on.site.dataDir}/member/snap/db`], apply: () => undefined }];
    default:
      return decideV2(act.act, on);
  }
}

function receive(sha256: string, { machine: { files }, site, run }: On): readonly Operation[] {
  const { snapshot } = pathsOf(site, run);
  if (files.get(snapshot) === sha256) return [];
  return [
    {
      argv: ['receive', snapshot],
      apply: () => {
        files.delete(`${snapshot}.part`);
        files.set(snapshot, sha256);
      },
      half: () => files.set(`${snapshot}.part`, 'half'),
    },
  ];
}

function restore(order: (HostAct & { act: 'restore' })['order'], on: On): readonly Operation[] {
  const { machine, site, run, contentOf } = on;
  const { snapshot, restored } = pathsOf(site, run);
  if (machine.dirs.has(restored)) return [];
  const sha256 = machine.files.get(snapshot);
  if (sha256 === undefined) throw refused(on, `there is no ${snapshot}`);
  if (order.withoutHashCheck !== undefined && order.withoutHashCheck.sha256 !== sha256)
    throw refused(on, `${snapshot} has sha256 ${sha256}, not ${order.withoutHashCheck.sha256}: nothing is restored from it`);
  return [
    {
      argv: ['etcdctl', 'snapshot', 'restore', snapshot, `--data-dir=${restored}`],
      apply: () => {
        const content = contentOf(sha256);
        if (content === undefined) throw new OpsError('SNAPSHOT_INVALID', `${snapshot} is no snapshot.`);
        machine.dirs.delete(`${restored}.part`);
        const memberId = joinRestored(site, order);
        const revision = content.revision + (order.bumpRevisionBy ?? 0n);
        machine.dirs.set(restored, makeDir(site, { ...copyOf(content), memberId, revision, token: order.initialClusterToken }));
      },
      half: () => machine.dirs.set(`${restored}.part`, makeDir(site, undefined)),
    },
  ];
}

/** Whether these settings are those of the machine. */
export function stands({ settings }: Machine, wanted: ClusterSettings): boolean {
  return Object.entries(wanted).every(([name, value]) => settings[name as keyof typeof settings] === value);
}

/** The real name of a copy is made of the wanted settings too. */
export function copyName(settings: ClusterSettings): string {
  return JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => one.localeCompare(other)));
}

function settings(wanted: ClusterSettings, { machine }: On): readonly Operation[] {
  if (stands(machine, wanted)) return [];
  return [
    {
      argv: ['edit', '/etc/default/etcd', wanted.initialClusterState],
      apply: () => {
        machine.settingsCopies.set(copyName(wanted), machine.settings);
        machine.settings = { ...machine.settings, ...wanted };
      },
    },
  ];
}

function decideUnit(act: 'fence' | 'unmask-start' | 'stop' | 'restart', { machine, site }: On): readonly Operation[] {
  const { active, masked } = machine.unit;
  const mask: Operation = {
    argv: ['systemctl', 'mask', 'etcd'],
    apply: () => (machine.unit = { active: machine.unit.active, masked: true }),
  };
  const unmask: Operation = { argv: ['systemctl', 'unmask', 'etcd'], apply: () => (machine.unit.masked = false) };
  const stop: Operation = { argv: ['systemctl', 'stop', 'etcd'], apply: () => (machine.unit.active = false) };
  const start = (verb: string): Operation => ({ argv: ['systemctl', verb, 'etcd'], apply: () => startEtcd(machine, site) });
  switch (act) {
    case 'fence':
      return [...(masked ? [] : [mask]), ...(active ? [stop] : [])];
    case 'unmask-start':
      return [...(masked ? [unmask] : []), ...(active ? [] : [start('start')])];
    case 'stop':
      return active ? [stop] : [];
    default:
      return [start('restart')];
  }
}

function demandFenced(on: On): void {
  const { active, masked } = on.machine.unit;
  if (active || !masked) throw refused(on, 'etcd is not fenced');
}

function mkdir({ machine, site }: On, path: string): Operation {
  return { argv: ['mkdir', path], apply: () => machine.dirs.set(path, makeDir(site, undefined)) };
}

function move({ machine: { dirs } }: On, from: string, to: string): Operation {
  return {
    argv: ['mv', from, to],
    apply: () => {
      const dir = dirs.get(from);
      if (dir === undefined || dirs.has(to)) throw new Error(`${from} cannot be renamed to ${to}`);
      dirs.set(to, dir);
      dirs.delete(from);
    },
  };
}

/** The data-dir out of its place, or an empty directory that stands in for one that is gone. */
function moveAside(on: On, to: string): readonly Operation[] {
  const { dirs } = on.machine;
  const { dataDir } = on.site;
  demandFenced(on);
  if (!dirs.has(to)) return [dirs.has(dataDir) ? move(on, dataDir, to) : mkdir(on, to)];
  if (dirs.has(dataDir)) throw refused(on, `${dataDir} was made by something after it had been moved aside`);
  return [];
}

function swap(on: On): readonly Operation[] {
  const { dirs } = on.machine;
  const { aside, restored } = pathsOf(on.site, on.run);
  if (dirs.has(restored)) return [...moveAside(on, aside), move(on, restored, on.site.dataDir)];
  if (dirs.has(aside) && dirs.has(on.site.dataDir)) return [];
  throw refused(on, `there is no ${restored}`);
}

function putAside(on: On): readonly Operation[] {
  const { dirs } = on.machine;
  const { aside } = pathsOf(on.site, on.run);
  if (dirs.has(aside) && dirs.has(on.site.dataDir)) return [];
  return [...moveAside(on, aside), mkdir(on, on.site.dataDir)];
}

/** What the run itself has put in place gets a name that no clean-up removes. */
function putBack(earlier: RunId, on: On): readonly Operation[] {
  const { dirs } = on.machine;
  const { dataDir } = on.site;
  const kept = pathsOf(on.site, earlier).aside;
  const own = earlier === on.run ? pathsOf(on.site, on.run).undone : pathsOf(on.site, on.run).aside;
  if (!dirs.has(kept)) {
    if (dirs.has(own) && dirs.has(dataDir)) return [];
    throw refused(on, `nothing of ${earlier} is kept`);
  }
  if (earlier === on.run && !dirs.has(dataDir)) {
    demandFenced(on);
    return [move(on, kept, dataDir)];
  }
  return [...moveAside(on, own), move(on, kept, dataDir)];
}

function decideRemoval(act: 'delete-aside' | 'remove-restored' | 'remove-scratch', on: On): readonly Operation[] {
  const { dirs, files } = on.machine;
  const { aside, restored, snapshot } = pathsOf(on.site, on.run);
  const remove = (...paths: string[]): readonly Operation[] => {
    const there = paths.filter((path) => dirs.has(path) || files.has(path));
    const apply = () => {
      for (const path of there) if (!dirs.delete(path)) files.delete(path);
    };
    return there.length === 0 ? [] : [{ argv: ['rm', '-rf', ...there], apply }];
  };
  if (act === 'delete-aside') return remove(aside);
  if (act === 'remove-scratch') return remove(snapshot, `${snapshot}.part`, `${restored}.part`);
  if (dirs.has(aside)) throw refused(on, 'the old data is aside, so what was restored is needed');
  return remove(restored);
}
