/** Whether the clocks of hosts agree. */
import { fails, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';

/** Leases, certificates and elections rest on clocks: https://etcd.io/docs/v3.5/faq/ warns at the same difference. */
export const clockDifferenceMaxMs = 1_000;

/**
 * No two hosts differ by more than the limit.
 * @param hosts each clock against the bot's own, which falls out of the difference
 */
export function clocksAgree(hosts: readonly { readonly name: string; readonly offsetMs: number }[]): Finding {
  const byOffset = hosts.toSorted((a, b) => a.offsetMs - b.offsetMs);
  const [slowest, fastest] = [byOffset[0], byOffset.at(-1)];
  if (slowest === undefined || fastest === undefined) return holds();
  const differenceMs = fastest.offsetMs - slowest.offsetMs;
  return that(
    differenceMs <= clockDifferenceMaxMs,
    `The clocks differ: ${fastest.name} is ${(differenceMs / 1000).toFixed(1)} s ahead of ${slowest.name}, and a second is the most that is safe. Set them right (\`timedatectl\`, \`chronyc tracking\`).`,
  );
}

/** Each against the bot's: worth a word and no more, because the bot's own may be the one that is wrong. */
export function clockRemark(offsetMs: number): Finding {
  return Math.abs(offsetMs) > clockDifferenceMaxMs ? fails(`Its clock is ${(offsetMs / 1000).toFixed(1)} s off the bot’s.`) : holds();
}
