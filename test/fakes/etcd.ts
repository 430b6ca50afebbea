/** A cluster in memory: serves what the machines' data-dirs hold while their units run. */
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError } from '../../src/errors.ts';
import type { Alarm, ClusterLook, Etcd } from '../../src/etcd/etcd.ts';
import type { EtcdCommands } from '../../src/etcd/commands.ts';
import { hazardsOf } from '../../src/procedures/judging/hazards.ts';
import type { MemberName } from '../../src/ids.ts';
import type { Effects } from './effects.ts';
import { lookAt } from './look.ts';
import { servedBy } from './machine.ts';
import type { Data, Machine, Site } from './machine.ts';
import { addLearner } from './membership.ts';
import type { Membership } from './membership.ts';
import { fakeEtcdV2 } from './v2.ts';

interface FakeEtcdDeps {
  readonly site: Site;
  readonly effects: Effects;
  /** Only these members are asked; all when not given. */
  readonly members?: readonly MemberName[];
}

/** Makes the cluster over a site's machines. */
export function fakeEtcd({ site, effects, members }: FakeEtcdDeps): Etcd {
  const machines = () => [...site.machines.values()].filter(({ member }) => members === undefined || members.includes(member));
  const served = () => machines().flatMap((machine) => servedBy(machine, site) ?? []);
  const look = async (): Promise<ClusterLook> => {
    effects.assertAlive();
    return lookAt(site, machines());
  };
  /** What the whole cluster serves, also on members that are not asked. */
  const writable = (): readonly Data[] => {
    effects.assertAlive();
    const { quorum } = lookAt(site, [...site.machines.values()]);
    const [first] = served();
    if (!quorum.holds || first === undefined) throw new OpsError('ETCD_NO_QUORUM', 'The cluster has no quorum.');
    return [...site.machines.values()].flatMap((machine) => {
      const data = servedBy(machine, site);
      return data?.token === first.token ? [data] : [];
    });
  };
  const membership = (): Membership => {
    const found = site.memberships.get(writable()[0]?.token ?? '');
    if (found === undefined) throw new OpsError('ETCD_NO_QUORUM', 'The cluster has no quorum.');
    return found;
  };
  const machineOf = (member: MemberName): Machine => {
    const machine = site.machines.get(member);
    if (machine === undefined || servedBy(machine, site) === undefined)
      throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer.`);
    return machine;
  };
  const write = (name: string, change: (data: Data) => void, wanted: (data: Data) => boolean = () => true) => {
    const all = writable();
    if (membership().alarms.some(({ type }) => type === 'NOSPACE') && name.startsWith('put'))
      throw new OpsError('ETCD_REQUEST_FAILED', 'etcdserver: mvcc: database space exceeded');
    effects.perform(name, {
      whole: () => {
        if (all[0] === undefined || !wanted(all[0])) return false;
        for (const data of all) {
          data.revision += 1n;
          change(data);
        }
        return true;
      },
    });
    return all[0]?.revision ?? 0n;
  };
  const disarm = ({ memberId, type }: Alarm) => {
    const { alarms } = membership();
    effects.perform(`disarm ${type} ${memberId}`, {
      whole: () => {
        const index = alarms.findIndex((alarm) => alarm.memberId === memberId && alarm.type === type);
        if (index >= 0) alarms.splice(index, 1);
        return index >= 0;
      },
    });
  };
  return {
    look,
    mayAdminister: async () => machines().map(({ member }) => ({ member, may: true })),
    among: (only) => fakeEtcd({ site, effects, members: only }),
    async hashes() {
      effects.assertAlive();
      return [];
    },
    async membersAgree() {
      const { quorum } = await look();
      if (served().length < machines().length) return fails(quorum.sentence);
      return new Set(served().map(contentOf)).size === 1 ? holds() : fails('The members differ.');
    },
    authEnabled: async () => true,
    v2Keys: async () => 'none',
    async saveSnapshot() {
      throw new Error('the fake snapshots save by themselves');
    },
    async put(key, value) {
      const revision = write(`put ${key}`, (data) => {
        data.keys.set(key, { value, modRevision: data.revision, version: (data.keys.get(key)?.version ?? 0n) + 1n });
      });
      return { revision };
    },
    async get(key, options) {
      const machine = options?.from === undefined ? undefined : site.machines.get(options.from);
      const data = machine === undefined ? writable()[0] : servedBy(machine, site);
      effects.assertAlive();
      return data?.keys.get(key);
    },
    async delete(key) {
      write(
        `delete ${key}`,
        (data) => data.keys.delete(key),
        (data) => data.keys.has(key),
      );
    },
    async addLearner(peerUrls) {
      const cluster = membership();
      // As etcd does in all of 3.4, before 3.5.30 and before 3.6.11.
      const strict = machines().some(({ toolVersion }) => hazardsOf(toolVersion, 'add-member').length > 0);
      const down = [...cluster.members.values()].some(
        ({ isLearner, memberId }) => strict && !isLearner && !writable().some((data) => data.memberId === memberId),
      );
      let row: ReturnType<typeof addLearner>['row'] | undefined;
      effects.perform(`addLearner ${peerUrls.join()}`, {
        whole: () => {
          const added = addLearner(cluster, peerUrls, down);
          row = added.row;
          return added.changed;
        },
      });
      if (row === undefined) throw new Error('the effect gave no row');
      return row;
    },
    async promote(id) {
      const row = membership().members.get(id);
      if (row === undefined) throw new OpsError('ETCD_REQUEST_FAILED', `There is no member ${id}.`);
      if (row.isLearner && (row.name === '' || membership().lagsFor-- > 0)) return fails(`${id} is not in sync yet.`);
      effects.perform(`promote ${id}`, {
        whole: () => {
          const was = row.isLearner;
          row.isLearner = false;
          return was;
        },
      });
      return holds();
    },
    async removeMember(id) {
      const { members: rows } = membership();
      effects.perform(`removeMember ${id}`, { whole: () => rows.delete(id) });
    },
    async updatePeerUrls(id, peerUrls) {
      const row = membership().members.get(id);
      if (row === undefined) throw new OpsError('ETCD_REQUEST_FAILED', `There is no member ${id}.`);
      effects.perform(`updatePeerUrls ${id}`, {
        whole: () => {
          const changed = row.peerUrls.join() !== peerUrls.join();
          row.peerUrls = peerUrls;
          return changed;
        },
      });
    },
    async moveLeader(to) {
      const cluster = membership();
      const before = lookAt(site, [...site.machines.values()]).endpoints.find((endpoint) => endpoint.answers);
      const leads = before?.answers === true && before.status.leader === to;
      const leader = before?.answers === true ? before.status.leader : undefined;
      // Only the leader can hand leadership on.
      if (!served().some(({ memberId }) => memberId === leader))
        throw new OpsError('ETCD_NO_QUORUM', 'The leader is not among those that are asked.');
      effects.perform(`moveLeader ${to}`, {
        whole: () => {
          cluster.leader = to;
          return !leads;
        },
      });
    },
    async compact(revision) {
      const cluster = membership();
      const all = writable();
      effects.perform(`compact ${revision}`, {
        whole: () => {
          if (cluster.compactRevision >= revision) return false;
          cluster.compactRevision = revision;
          for (const data of all) data.dbSizeInUseBytes = Math.min(data.dbSizeInUseBytes, 10_000);
          return true;
        },
      });
    },
    async isCompacted(revision) {
      return membership().compactRevision >= revision;
    },
    async defragment(member) {
      const data = machineOf(member).dirs.get(site.dataDir)?.data;
      const shrink = () => {
        if (data === undefined || data.dbSizeBytes === data.dbSizeInUseBytes) return false;
        data.dbSizeBytes = data.dbSizeInUseBytes;
        return true;
      };
      // The member goes on when nobody listens any more.
      effects.perform(`defragment ${member}`, { whole: shrink, goesOn: true });
    },
    async answersFromStore(member) {
      effects.assertAlive();
      const machine = site.machines.get(member);
      return machine !== undefined && servedBy(machine, site) !== undefined;
    },
    disarmNospace: async (memberId) => disarm({ memberId, type: 'NOSPACE' }),
    disarmCorrupt: async (memberId) => disarm({ memberId, type: 'CORRUPT' }),
    async quotaBytes(member) {
      machineOf(member);
      return site.quotaBytes;
    },
    async sampleKeys() {
      const keys = writable()[0]?.keys.size ?? 0;
      return { keysSeen: keys, keysTotal: keys, prefixes: [{ prefix: '/name', keys, bytes: 10 * keys, revisions: BigInt(keys) }] };
    },
    async countKeys() {
      const data = writable()[0];
      if (data !== undefined) return { keys: data.keys.size, of: 'quorum' };
      const [alone] = [...site.machines.entries()].flatMap(([member, machine]) => {
        const served = servedBy(machine, site);
        return served === undefined ? [] : [{ member, keys: served.keys.size }];
      });
      if (alone === undefined) throw new OpsError('ETCD_UNREACHABLE', 'The count of the keys reached no voter.');
      return { keys: alone.keys, of: alone.member };
    },
    v2: fakeEtcdV2({
      effects,
      writable,
      dataOf: (member) => {
        const machine = site.machines.get(member);
        return machine && servedBy(machine, site);
      },
    }),
    commands: fakeCommands,
  };
}

function contentOf({ keys, revision, token }: Data): string {
  return JSON.stringify([...keys.entries(), String(revision), token], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

const etcdctl = (...argv: readonly string[]) => ({ on: 'bot', argv: ['etcdctl', ...argv] });

const fakeCommands: Omit<EtcdCommands, 'saveSnapshot'> = {
  put: (key, value) => etcdctl('put', '--', key, value),
  delete: (key) => etcdctl('del', '--', key),
  addLearner: (name, peerUrls) => etcdctl('member', 'add', name, '--learner', `--peer-urls=${peerUrls.join(',')}`),
  promote: (id) => etcdctl('member', 'promote', id),
  removeMember: (id) => etcdctl('member', 'remove', id),
  updatePeerUrls: (id, peerUrls) => etcdctl('member', 'update', id, `--peer-urls=${peerUrls.join(',')}`),
  moveLeader: (to) => etcdctl('move-leader', to),
  compact: (revision) => etcdctl('compact', '--physical', String(revision)),
  defragment: (member) => etcdctl(`--endpoints=${member}`, 'defrag'),
  disarm: () => etcdctl('alarm', 'disarm'),
};
