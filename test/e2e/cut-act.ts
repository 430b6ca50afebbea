/** A host that falls silent in the middle of an act: some of its operations are done, and the run hears no more of it. */
import { renderCommand } from '../../src/engine/command.ts';
import { OpsError } from '../../src/errors.ts';
import type { Host, HostAct } from '../../src/host/host.ts';
import type { World } from '../../src/procedures/world.ts';
import type { Lab } from '../lab/lab.ts';
import { commandOf } from './typed-by-hand.ts';

/** How many operations of an act are still done, on which hosts. */
export interface Cut {
  readonly act: HostAct['act'];
  readonly on: readonly string[];
  readonly operations: number;
}

/** The world with those hosts cut. */
export function cutting(world: World, cut: Cut, lab: Lab): World {
  return { ...world, hosts: world.hosts.map((host) => (cut.on.includes(host.member) ? cutHost(host, cut, lab) : host)) };
}

function cutHost(host: Host, { act, operations }: Cut, lab: Lab): Host {
  const falling = async (asked: HostAct) => {
    const [plan = []] = await host.plan([asked]);
    for (const command of plan.slice(0, operations)) await lab.host(host.member).exec(['sh', '-c', commandOf(renderCommand(command))]);
    throw new OpsError('HOST_UNREACHABLE', `${host.member} does not answer any more.`);
  };
  return {
    ...host,
    do: (asked) => (asked.act === act ? falling(asked) : host.do(asked)),
    destroy: (asked, approval) => (asked.act === act ? falling(asked) : host.destroy(asked, approval)),
  };
}
