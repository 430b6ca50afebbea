/** A host in memory that is gone for good, and a new one that took its name: another address in the configuration, an empty disk. */
import type { FakeWorld } from './world.ts';
import { fakeHost } from './host.ts';
import { fakeEtcd } from './etcd.ts';
import { MemberName } from '../../src/ids.ts';
import type { Machine } from './machine.ts';

/**
 * The same world as a bot sees it that was started again with the member's new address in config.yaml.
 * @param oldIsThere the old host is not gone: it runs on, unknown to the configuration
 */
export function withNewHost(
  world: FakeWorld,
  name: string,
  { address = '198.51.100.99', oldIsThere = false }: { readonly address?: string; readonly oldIsThere?: boolean } = {},
): FakeWorld {
  const member = MemberName.parse(name);
  const { site, effects, snapshots } = world;
  const old = world.machine(name);
  const machine: Machine = {
    ...old,
    address,
    peerUrl: `https://${address}:2380`,
    powered: true,
    unit: { active: false, masked: false },
    dirs: new Map(),
    files: new Map(),
    settingsCopies: new Map(),
    certificates: old.certificates.map((certificate) => ({ ...certificate, subjectAltNames: [address, '127.0.0.1'] })),
    cutFrom: new Set(),
  };

  site.machines.delete(member);
  site.machines.set(member, machine);
  const unknown = MemberName.parse(`old-${name}`);
  if (oldIsThere) site.machines.set(unknown, { ...old, member: unknown });
  return {
    ...world,
    cluster: {
      ...world.cluster,
      members: world.cluster.members.map((each) =>
        each.name === member
          ? { name: member, host: address, clientUrl: `https://${address}:2379`, peerUrl: `https://${address}:2380` }
          : each,
      ),
    },
    etcd: fakeEtcd({ site, effects, members: world.cluster.members.map((each) => each.name) }),
    hosts: world.hosts.map((host) =>
      host.member === member
        ? fakeHost({ machine, site, effects, run: world.runId, contentOf: (sha256) => snapshots.contents.get(sha256) })
        : host,
    ),
  };
}
