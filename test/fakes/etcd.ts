/** A cluster in memory: serves what the machines' data-dirs hold while their units run. */
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError } from '../../src/errors.ts';
import type { ClusterLook, EndpointLook, Etcd } from '../../src/etcd/etcd.ts';
import { ClusterId, MemberId } from '../../src/ids.ts';
import type { Effects } from './effects.ts';
import { servedBy } from './machine.ts';
import type { Data, Site } from './machine.ts';

interface FakeEtcdDeps {
  readonly site: Site;
  readonly effects: Effects;
}

/** Makes the cluster over a site's machines. */
export function fakeEtcd({ site, effects }: FakeEtcdDeps): Etcd {
  const served = () => [...site.machines.values()].flatMap((machine) => servedBy(machine, site) ?? []);
  const writable = (): readonly Data[] => {
    effects.assertAlive();
    const data = served();
    const needed = Math.floor(site.machines.size / 2) + 1;
    if (data.length < needed || new Set(data.map(({ token }) => token)).size > 1)
      throw new OpsError('ETCD_NO_QUORUM', 'The cluster has no quorum.');
    return data;
  };
  const look = async (): Promise<ClusterLook> => {
    effects.assertAlive();
    return lookAt(site);
  };
  return {
    look,
    async hashes() {
      effects.assertAlive();
      return [];
    },
    async membersAgree() {
      const { quorum } = await look();
      const contents = new Set(
        served().map(({ keys, revision, token }) =>
          JSON.stringify([...keys.entries(), String(revision), token], (_key, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          ),
        ),
      );
      if (served().length < site.machines.size) return fails(quorum.sentence);
      return contents.size === 1 ? holds() : fails('The members differ.');
    },
    authEnabled: async () => true,
    v2Keys: async () => 'none',
    async saveSnapshot() {
      throw new Error('the fake snapshots save by themselves');
    },
    async put(key, value) {
      const members = writable();
      effects.perform(`put ${key}`, {
        whole: () => {
          for (const data of members) {
            data.revision += 1n;
            const version = (data.keys.get(key)?.version ?? 0n) + 1n;
            data.keys.set(key, { value, modRevision: data.revision, version });
          }
          return true;
        },
      });
      return { revision: members[0]?.revision ?? 0n };
    },
    async get(key, options) {
      const machine = options?.from === undefined ? undefined : site.machines.get(options.from);
      const data = machine === undefined ? writable()[0] : servedBy(machine, site);
      effects.assertAlive();
      return data?.keys.get(key);
    },
    async delete(key) {
      const members = writable();
      effects.perform(`delete ${key}`, {
        whole: () => {
          if (!members[0]?.keys.has(key)) return false;
          for (const data of members) {
            data.revision += 1n;
            data.keys.delete(key);
          }
          return true;
        },
      });
    },
    commands: {
      put: (key, value) => ({ on: 'bot', argv: ['etcdctl', 'put', '--', key, value] }),
      delete: (key) => ({ on: 'bot', argv: ['etcdctl', 'del', '--', key] }),
    },
  };
}

function lookAt(site: Site): ClusterLook {
  const machines = [...site.machines.values()];
  const firstUp = machines.findIndex((machine) => servedBy(machine, site) !== undefined);
  const voters = machines.length;
  const answering = machines.filter((machine) => servedBy(machine, site) !== undefined).length;
  const needed = Math.floor(voters / 2) + 1;
  const quorate = answering >= needed;
  const endpoints = machines.map((machine, index): EndpointLook => {
    const data = servedBy(machine, site);
    const base = { member: machine.member, endpoint: `https://198.51.100.${index + 1}:2379` };
    if (data === undefined) return { ...base, answers: false, reason: 'connection refused', code: 'refused' };
    return {
      ...base,
      answers: true,
      status: {
        memberId: MemberId.parse(`a${index}`),
        clusterId: ClusterId.parse(data.token === 'etcd-cluster' ? 'c0' : 'c1'),
        version: machine.toolVersion,
        dbSizeBytes: 20_000,
        dbSizeInUseBytes: 10_000,
        leader: quorate ? MemberId.parse(`a${firstUp}`) : undefined,
        isLearner: false,
        raftTerm: 2n,
        raftIndex: 10n,
        raftAppliedIndex: 10n,
        revision: data.revision,
        errors: [],
      },
    };
  });
  const revisions = endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.revision] : []));
  return {
    endpoints,
    members: quorate ? [] : undefined,
    alarms: quorate ? [] : undefined,
    quorum: {
      voters,
      answering,
      needed,
      holds: quorate,
      mayFail: Math.max(0, answering - needed),
      sentence: `${answering} of ${voters} voters answer.`,
    },
    revision: revisions.length === 0 ? undefined : revisions.reduce((a, b) => (a > b ? a : b)),
  };
}
