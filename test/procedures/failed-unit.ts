/** A world in which etcd on one host fails as soon as it is started, and systemd gives it up. */
import type { FakeWorld } from '../fakes/world.ts';

/** The same world, but for that. */
export function failsToStart(world: FakeWorld, member: string): FakeWorld {
  const hosts = world.hosts.map((host) =>
    host.member === member
      ? {
          ...host,
          unmaskAndStart: async () => {
            world.machine(member).unit = { active: false, masked: false, failed: true };
          },
        }
      : host,
  );
  return { ...world, hosts };
}
