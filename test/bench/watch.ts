/** When a process had children at work: for the bot, when a tool of etcd that it started was running. Its ssh clients stay open and say nothing. */
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

/** Looks at a process's children again and again. Node starts them all from its first thread. @param isIdle names of programs whose running says nothing */
export function watchChildren(pid: number, isIdle: ReadonlySet<string> = new Set(['ssh'])): Watch {
  const intervals: Interval[] = [];
  const stopped = new AbortController();
  const loop = (async () => {
    let since: number | undefined;
    while (!stopped.signal.aborted) {
      const lookedAt = Date.now();
      const busy = (await Promise.all((await childrenOf(pid)).map(nameOf))).some((name) => name !== undefined && !isIdle.has(name));
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

async function childrenOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean);
}

async function nameOf(pid: string): Promise<string | undefined> {
  return await readFile(`/proc/${pid}/comm`, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
