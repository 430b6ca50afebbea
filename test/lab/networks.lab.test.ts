/** Labs with slow links: how slow they are, and that all of it is gone with the lab. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from './lab.ts';
import type { Lab, LabHost } from './lab.ts';
import type { LinkFigures } from './link-probe.ts';
import { linkSpeedOf, networkProfiles } from './network-profiles.ts';
import { netnsName } from './paths.ts';
import { addressIn } from './ranges.ts';
import { readState } from './state.ts';
import { noTraces, tracesOf } from './traces.ts';
import { answersTcp, waitUntil } from './wait.ts';

const upWithinMs = 300_000;
const goneWithinMs = 60_000;
const probeLimitMs = 60_000;
const probe = fileURLToPath(new URL('link-probe.ts', import.meta.url));

/** Where a probe runs: on a host's network, or on this machine's. */
type Place = LabHost | 'machine';

function argvAt(lab: Lab, place: Place, ...words: readonly string[]): readonly string[] {
  const argv = [process.execPath, probe, ...words];
  return place === 'machine' ? argv : ['ip', 'netns', 'exec', netnsName(lab.name, place.name), ...argv];
}

/** What one place sees of another: the round trip, and how fast it gets data from there. */
async function linkBetween(lab: Lab, from: Place, to: Place, megabytes = 1): Promise<LinkFigures> {
  const [file = '', ...args] = argvAt(lab, from, 'serve');
  const serving = execa(file, args, { stdin: 'pipe', buffer: false, reject: false });
  try {
    await new Promise((resolve) => serving.stdout.once('data', resolve));
    const address = from === 'machine' ? addressIn(lab.range, 1) : from.address;
    const [program = '', ...words] = argvAt(lab, to, 'fetch', address, String(megabytes));
    return JSON.parse((await execa(program, words, { timeout: probeLimitMs })).stdout) as LinkFigures;
  } finally {
    serving.stdin.end();
    await serving;
  }
}

/** How much is sent to see how fast it goes: about a second's worth. */
const megabytes = { plain: 200, lan: 100, wan: 25 } as const;

describe.each(networkProfiles)('a lab with the network %s', (network) => {
  const name = `network-${network}`;
  // Upper limits of a round trip and lower ones of a rate are for a machine that has much else to do.
  const { roundTripMs, mbitPerSecond } = linkSpeedOf(network) ?? { roundTripMs: 0, mbitPerSecond: Infinity };
  const expectBands = (seen: LinkFigures, between: string) => {
    expect(seen.roundTripMs, between).toBeGreaterThan(roundTripMs);
    expect(seen.roundTripMs, between).toBeLessThan(roundTripMs * 1.5 + 10);
    expect(seen.mbitPerSecond, between).toBeLessThan(mbitPerSecond);
    expect(seen.mbitPerSecond, between).toBeGreaterThan(Math.min(mbitPerSecond, 1_000) / 5);
  };
  let lab: Lab;
  let host: LabHost;
  let other: LabHost;
  beforeAll(async () => {
    lab = await createLab({ name, etcd: '3.5', members: 1, spares: 1, network });
    [host, other] = [...lab.hosts, ...lab.spares] as [LabHost, LabHost];
  }, upWithinMs);
  afterAll(async () => {
    await lab.down();
    expect(await tracesOf(name, lab.range)).toEqual(noTraces);
  });

  it('is as slow as that between this machine and a host, each way, and between two hosts', async () => {
    expectBands(await linkBetween(lab, 'machine', host, megabytes[network]), 'to a host');
    expectBands(await linkBetween(lab, host, 'machine', megabytes[network]), 'from a host');
    expectBands(await linkBetween(lab, host, other, megabytes[network]), 'between hosts');
  });

  it('cuts a host off and lets it back, as slow as before', async () => {
    await host.fault('cut-network');
    expect(await answersTcp(host.address, 22)).toBe(false);

    await host.fault('restore-network');

    await lab.waitHealthy();
    expect((await linkBetween(lab, host, 'machine')).roundTripMs).toBeGreaterThan(roundTripMs);
  });

  it('switches a host off and on, as slow as before', async () => {
    await host.fault('power-off');
    expect(await answersTcp(host.address, 22)).toBe(false);

    await host.fault('power-on');

    await lab.waitHealthy();
    expect((await linkBetween(lab, 'machine', host)).roundTripMs).toBeGreaterThan(roundTripMs);
  });
});

it('takes slow links down when the owner of a lab is killed', { timeout: upWithinMs }, async () => {
  const name = 'network-killed';
  const lab = JSON.stringify(new URL('lab.ts', import.meta.url).href);
  const code = `import { createLab } from ${lab}; await createLab({ name: '${name}', etcd: '3.5', members: 1, network: 'wan' }); setInterval(() => {}, 1000);`;
  const owner = execa(process.execPath, ['--input-type=module-typescript', '--eval', code], { reject: false });
  const state = await waitUntil(
    async () => {
      const found = await readState(name);
      return found?.ready === true && found;
    },
    { for: 'the lab being up', withinMs: upWithinMs },
  );

  owner.kill('SIGKILL');
  await owner;

  await waitUntil(async () => JSON.stringify(await tracesOf(name, state.range)) === JSON.stringify(noTraces), {
    for: 'the lab being gone',
    withinMs: goneWithinMs,
  });
  expect(await tracesOf(name, state.range)).toEqual(noTraces);
});
