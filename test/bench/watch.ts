/** When a process had children: for the bot, when an ssh or a tool of etcd that it started was running. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Interval } from './intervals.ts';

/** What a length of time is exact to. */
const everyMs = 5;

/** A watch that runs. */
interface Watch {
  /** Ends it, and gives when there were children. */
  stop(): Promise<readonly Interval[]>;
}

/** Looks at a process's children again and again. Node starts them all from its first thread; a shared ssh connection in the background is none. */
export function watchChildren(pid: number): Watch {
  const intervals: Interval[] = [];
  const stopped = new AbortController();
  const loop = (async () => {
    let since: number | undefined;
    while (!stopped.signal.aborted) {
      const lookedAt = Date.now();
      const busy = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim() !== '';
      // Rather too short than too long: a child that was seen was there afterwards, one that was not seen may have been there before.
      if (busy) since ??= Date.now();
      else if (since !== undefined) {
        intervals.push({ from: since, to: lookedAt });
        since = undefined;
      }
      await sleep(everyMs);
    }
    if (since !== undefined) intervals.push({ from: since, to: Date.now() });
  })();
  // A process that is gone is said when the watch is stopped.
  loop.catch(() => undefined);
  return {
    async stop() {
      stopped.abort();
      await loop;
      return intervals;
    },
  };
}
