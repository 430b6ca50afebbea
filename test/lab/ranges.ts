/** Which test range a lab may use: one that nothing on this machine is, reaches or talks to. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4 } from 'node:net';
import { aptMirror } from './image.ts';
import { run } from './run.ts';

/** TEST-NET-2, TEST-NET-3 (RFC 5737) and ten of the benchmarking range (RFC 2544): never routed on the internet, and enough for labs side by side. */
export const testRanges: readonly string[] = [
  '198.51.100.0/24',
  '203.0.113.0/24',
  ...Array.from({ length: 10 }, (_, index) => `198.18.${31 + index}.0/24`),
];

/** Why a range cannot be used; undefined when it can. */
export function rangeConflict(range: string, uses: readonly Use[]): string | undefined {
  const network = networkOf(range);
  const list = new BlockList();
  list.addSubnet(network, 24, 'ipv4');
  for (const use of uses) {
    const [address = '', bits = '32'] = use.destination.split('/');
    if (!isIPv4(address)) continue;
    const other = new BlockList();
    other.addSubnet(address, Number(bits), 'ipv4');
    if (list.check(address) || other.check(network)) return `${range} overlaps ${use.what} ${use.destination}`;
  }
  return undefined;
}

/**
 * Gives the range asked for, or the first free test range.
 * @throws Error when it is in use, naming by what
 */
export async function freeRange(asked: string | undefined): Promise<string> {
  const uses = await usesOfThisMachine();
  const conflicts: string[] = [];
  for (const range of asked === undefined ? testRanges : [asked]) {
    const conflict = rangeConflict(range, uses);
    if (conflict === undefined) return range;
    conflicts.push(conflict);
  }
  throw new Error(`no range for the lab: ${conflicts.join('; ')}`);
}

/** `198.51.100.0/24`, 31 -> `198.51.100.31`. */
export function addressIn(range: string, last: number): string {
  return networkOf(range).replace(/\d+$/, String(last));
}

function networkOf(range: string): string {
  const match = /^((?:\d{1,3}\.){3}0)\/24$/.exec(range);
  if (match?.[1] === undefined || !isIPv4(match[1])) throw new Error(`a range is written as 198.51.100.0/24, always /24; got ${range}`);
  return match[1];
}

/** Something that has an address. */
export interface Use {
  readonly what: string;
  readonly destination: string;
}

async function usesOfThisMachine(): Promise<Use[]> {
  const [addresses, routes, resolvers, mirror] = await Promise.all([
    run(['ip', '-json', '-4', 'address', 'show']),
    run(['ip', '-json', '-4', 'route', 'show', 'table', 'all']),
    readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    mirrorAddresses(),
  ]);
  const interfaces = JSON.parse(addresses.stdout || '[]') as { ifname: string; addr_info?: { local?: string; prefixlen?: number }[] }[];
  const table = JSON.parse(routes.stdout || '[]') as { dst: string }[];
  return [
    ...interfaces.flatMap(({ ifname, addr_info = [] }) =>
      addr_info.map(({ local = '', prefixlen = 32 }) => ({ what: `interface ${ifname}`, destination: `${local}/${prefixlen}` })),
    ),
    ...table.filter(({ dst }) => dst !== 'default').map(({ dst }) => ({ what: 'the route to', destination: dst })),
    ...resolvers
      .split('\n')
      .flatMap((line) => (/^nameserver\s+(\S+)/.exec(line) ?? []).slice(1))
      .map((destination) => ({ what: 'the name server', destination })),
    ...mirror.map((destination) => ({ what: 'the address of the Debian mirror', destination })),
  ];
}

/** A sandbox may give its package mirror an address of a test range; a lab there would cut it off. */
async function mirrorAddresses(): Promise<string[]> {
  try {
    const { hostname } = new URL(await aptMirror());
    return (await lookup(hostname, { all: true, family: 4 })).map(({ address }) => address);
  } catch {
    // No mirror or no name server: then there is none to cut off.
    return [];
  }
}
