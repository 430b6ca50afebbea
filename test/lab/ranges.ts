/** Which test range a lab may use: one that nothing on this machine is, reaches or talks to. */
import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
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
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network);
  const list = blockList(network, bits);
  for (const use of uses) {
    const [address = '', otherBits = family === 4 ? '32' : '128'] = use.destination.split('/');
    if (isIP(address) !== family) continue;
    if (list.check(address, typeOf(address)) || blockList(address, otherBits).check(network, typeOf(network)))
      return `${range} overlaps ${use.what} ${use.destination}`;
  }
  return undefined;
}

function blockList(network: string, bits: string): BlockList {
  const list = new BlockList();
  list.addSubnet(network, Number(bits), typeOf(network));
  return list;
}

const typeOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * Gives the range asked for, or the first free test range.
 * @throws Error when it is in use, naming by what
 */
export async function freeRange(asked: string | undefined): Promise<string> {
  const uses = await usesOfThisMachine();
  const conflicts: string[] = [];
  for (const range of asked === undefined ? testRanges : [asked]) {
    networkOf(range);
    const conflict = rangeConflict(range, uses);
    if (conflict === undefined) return range;
    conflicts.push(conflict);
  }
  throw new Error(`no range for the lab: ${conflicts.join('; ')}`);
}

/**
 * The IPv6 range of a lab with that bridge: a /64 of the documentation range (RFC 3849), which is never routed either.
 */
export function range6Of(bridge: string): string {
  const hash = createHash('sha256').update(bridge).digest('hex');
  // A group is written without zeros in front.
  const [first, second] = [hash.slice(0, 4), hash.slice(4, 8)].map((group) => Number.parseInt(group, 16).toString(16));
  return `2001:db8:${first}:${second}::/64`;
}

/** Gives that range. @throws Error when it is in use, naming by what */
export async function freeRange6(bridge: string): Promise<string> {
  const range = range6Of(bridge);
  const conflict = rangeConflict(range, await usesOfThisMachine());
  if (conflict !== undefined) throw new Error(`no IPv6 range for the lab: ${conflict}`);
  return range;
}

/** `198.51.100.0/24`, 31 -> `198.51.100.31`; `2001:db8:1:2::/64`, 31 -> `2001:db8:1:2::31`. */
export function addressIn(range: string, last: number): string {
  if (range.includes(':')) return range.replace('/64', String(last));
  return networkOf(range).replace(/\d+$/, String(last));
}

function networkOf(range: string): string {
  const match = /^((?:\d{1,3}\.){3}0)\/24$/.exec(range);
  if (match?.[1] === undefined || isIP(match[1]) !== 4) throw new Error(`a range is written as 198.51.100.0/24, always /24; got ${range}`);
  return match[1];
}

/** Something that has an address. */
export interface Use {
  readonly what: string;
  readonly destination: string;
}

async function usesOfThisMachine(): Promise<Use[]> {
  const [addresses, routes, routes6, resolvers, mirror] = await Promise.all([
    run(['ip', '-json', 'address', 'show']),
    run(['ip', '-json', '-4', 'route', 'show', 'table', 'all']),
    run(['ip', '-json', '-6', 'route', 'show', 'table', 'all']),
    readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    mirrorAddresses(),
  ]);
  const interfaces = JSON.parse(addresses.stdout || '[]') as { ifname: string; addr_info?: { local?: string; prefixlen?: number }[] }[];
  const table = [routes, routes6].flatMap(({ stdout }) => JSON.parse(stdout || '[]') as { dst: string }[]);
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
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    // No mirror or no name server: then there is none to cut off.
    return [];
  }
}
