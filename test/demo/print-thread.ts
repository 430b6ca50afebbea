/** Prints what stands in a channel as it happens: new messages, and messages that were changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalMessage, LocalSlack } from '../slack/local-slack.ts';

const lookIntervalMs = 300;

interface PrintDeps {
  readonly slack: Pick<LocalSlack, 'messages' | 'botUserId'>;
  readonly channel: string;
  readonly names: Readonly<Record<string, string>>;
  readonly print: (line: string) => void;
}

/** Starts printing. Gives how to stop; what stands there by then is printed before. */
export function printThread({ slack, channel, names, print }: PrintDeps): () => Promise<void> {
  const shown = new Map<string, string>();
  const stop = new AbortController();
  const look = async () => {
    for (const message of await slack.messages(channel)) {
      if (shown.get(message.ts) === message.text) continue;
      const changed = shown.has(message.ts);
      shown.set(message.ts, message.text);
      print(lineOf(message, changed));
    }
  };
  const lineOf = (message: LocalMessage, changed: boolean): string => {
    const who = message.user === undefined || message.user === slack.botUserId ? 'etcd-medic' : (names[message.user] ?? message.user);
    const where = message.thread_ts !== undefined && message.thread_ts !== message.ts ? '  ↳ ' : '';
    const only = message.ephemeral_to === undefined ? '' : ` (only for ${names[message.ephemeral_to] ?? message.ephemeral_to})`;
    return `${where}${who}${only}${changed ? ' (edited)' : ''}: ${message.text.replaceAll('\n', `\n${where === '' ? '  ' : '      '}`)}`;
  };
  const printing = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await sleep(lookIntervalMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    await look();
  })();
  return async () => {
    stop.abort();
    await printing;
  };
}
