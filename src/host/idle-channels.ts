/** Channels of runs that wait at a card, one for each host of a run: it goes on without connecting anew. */
import type { Channel } from './channel.ts';
import { idleChannelMs, idleChannelsMax } from './limits.ts';

export interface IdleChannels {
  /** The one that was kept; it is the caller's alone then. Undefined when there is none that is open. @param way which run, and how to reach the host */
  take(way: string): Channel | undefined;
  /** Keeps it for a while; closes it where one is kept already, or too many are. */
  put(way: string, channel: Channel): Promise<void>;
  /** Closes all of them, and whatever is put from then on. */
  close(): Promise<void>;
}

/** @param idleMs how long one is kept */
export function createIdleChannels(idleMs = idleChannelMs): IdleChannels {
  const kept = new Map<string, { readonly channel: Channel; readonly timer: NodeJS.Timeout }>();
  let isClosed = false;
  const take = (way: string) => {
    const idle = kept.get(way);
    if (idle === undefined) return undefined;
    clearTimeout(idle.timer);
    kept.delete(way);
    return idle.channel;
  };
  return {
    take(way) {
      const channel = take(way);
      return channel?.isOpen() === true ? channel : undefined;
    },
    async put(way, channel) {
      if (isClosed || kept.has(way) || kept.size >= idleChannelsMax) return await channel.close();
      const timer = setTimeout(() => void take(way)?.close(), idleMs);
      kept.set(way, { channel, timer });
    },
    async close() {
      isClosed = true;
      await Promise.all([...kept.keys()].map(async (way) => await take(way)?.close()));
    },
  };
}
