/** A world in which etcd on one host fails as soon as it is started, and systemd gives it up. */
import { otherwise } from '../fakes/otherwise.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** The same world, but for that. */
export function failsToStart(world: FakeWorld, member: string): FakeWorld {
  const hosts = world.hosts.map((host) => ({ ...host }));
  const failing = hosts.find((host) => host.member === member);
  otherwise(failing, 'unmask-start', async () => {
    world.machine(member).unit = { active: false, masked: false, failed: true };
  });
  return { ...world, hosts };
}
