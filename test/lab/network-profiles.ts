/** The networks a lab can have: as fast as this machine can, or slowed down to a network between real hosts. */

/** `lan` is hosts in one machine room, `wan` hosts in other cities. */
export const networkProfiles = ['plain', 'lan', 'wan'] as const;
export type NetworkProfile = (typeof networkProfiles)[number];

export interface LinkSpeed {
  /** Of a host's link, each way; 10^6 bits. */
  readonly mbitPerSecond: number;
  /** Between any two: two hosts, or a host and this machine. */
  readonly roundTripMs: number;
}

const speeds: Readonly<Record<Exclude<NetworkProfile, 'plain'>, LinkSpeed>> = {
  lan: { mbitPerSecond: 1_000, roundTripMs: 0.5 },
  wan: { mbitPerSecond: 200, roundTripMs: 20 },
};

/** How slow the links of a network are; undefined when they are not slowed down. */
export function linkSpeedOf(network: NetworkProfile): LinkSpeed | undefined {
  return network === 'plain' ? undefined : speeds[network];
}
