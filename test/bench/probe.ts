/** A small writer on this machine: when did the cluster stop taking writes, and when did it take the next one? */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import { openClients } from './clients.ts';
import type { Interval } from './intervals.ts';

/** A write that takes longer has failed. */
const writeTimeoutMs = 200;
/** Between two writes: what a gap is exact to. */
const pauseMs = 25;
const firstWriteLimitMs = 30_000;
/** A gap shorter than this is a write that was slow, and no outage. */
const shortestGapMs = 250;

/** A probe that runs. */
interface Probe {
  /** Gives the gaps between one successful write and the next, oldest first. */
  stop(): Promise<readonly Interval[]>;
}

/** Does something while a probe writes; gives how long the cluster took no write, at the longest. @throws Error when it took writes all the time */
export async function probed<Result>(lab: Lab, work: () => Promise<Result>): Promise<{ readonly result: Result; readonly down: Interval }> {
  const probe = await startProbe(lab);
  try {
    const result = await work();
    return { result, down: longest(await probe.stop()) };
  } finally {
    await probe.stop();
  }
}

/** Starts to write through every member at once; one that takes it is enough. Resolves after the first write. @throws Error when none takes one */
async function startProbe(lab: Lab): Promise<Probe> {
  const clients = await openClients(lab);
  const gaps: Interval[] = [];
  let lastWriteAt = Date.now();
  const stopped = new AbortController();
  const write = async () => {
    const deadline = new Date(Date.now() + writeTimeoutMs);
    await Promise.any(clients.map((client) => client.put('/bench/probe').value(String(Date.now())).options({ deadline }).exec()));
    const now = Date.now();
    if (now - lastWriteAt >= shortestGapMs) gaps.push({ from: lastWriteAt, to: now });
    lastWriteAt = now;
  };
  // On a busy machine the connections alone may take longer than a write may.
  await waitUntil(() => write().then(() => true), { for: 'a first write of the probe', withinMs: firstWriteLimitMs });
  gaps.length = 0;
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await write().catch(() => undefined);
      await sleep(pauseMs);
    }
  })();
  return {
    async stop() {
      if (!stopped.signal.aborted) {
        stopped.abort();
        await loop;
        for (const client of clients) client.close();
      }
      return gaps;
    },
  };
}

/** The longest gap. @throws Error when there was none */
function longest(gaps: readonly Interval[]): Interval {
  const found = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0];
  if (found === undefined) throw new Error('the probe saw no gap: etcd took writes all the time');
  return found;
}
