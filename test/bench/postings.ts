/** Stands between the bot and Slack's Web API and notes when which message was there: no polling, so nothing is added to what is measured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One message as Slack took it. */
export interface Posting {
  /** `chat.postMessage`, `chat.postEphemeral` or `chat.update`. */
  readonly method: string;
  readonly channel: string;
  readonly text: string;
  /** As JSON. */
  readonly blocks: string;
  /** Of the message. */
  readonly ts: string;
  /** When Slack had answered: from here on people see it. Milliseconds since the epoch. */
  readonly at: number;
}

/** The way to Slack, watched. */
export interface Postings {
  readonly apiUrl: string;
  /** The first message from `since` (milliseconds since the epoch) on that matches, come or to come. @throws Error after `limitMs` */
  first(since: number, matches: (posting: Posting) => boolean, limitMs: number): Promise<Posting>;
  stop(): Promise<void>;
}

/** Enough for the longest run; older ones are nobody's business. */
const kept = 2_000;
const messageMethods = ['chat.postMessage', 'chat.postEphemeral', 'chat.update'];

/** Starts it in front of an API, given with its path, e.g. `http://localhost:3000/api/`. */
export async function startPostings(realApiUrl: string): Promise<Postings> {
  const seen: Posting[] = [];
  const waiting = new Set<() => void>();
  const note = (posting: Posting) => {
    seen.push(posting);
    if (seen.length > kept) seen.shift();
    for (const wake of waiting) wake();
  };
  const server = createServer((incoming, outgoing) => {
    const pass = async () => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const answer = await fetch(new URL(incoming.url ?? '', realApiUrl), {
        method: incoming.method ?? 'POST',
        headers: headersOf(incoming.headers),
        ...(body.length > 0 && { body }),
      });
      const text = await answer.text();
      const at = Date.now();
      outgoing.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(text);
      const method = incoming.url?.split('/').at(-1) ?? '';
      if (messageMethods.includes(method)) note({ ...messageOf(body.toString(), text), method, at });
    };
    pass().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(realApiUrl).pathname}`,
    first: (since, matches, limitMs) =>
      new Promise((resolve, reject) => {
        const end = () => {
          waiting.delete(look);
          clearTimeout(limit);
        };
        const look = () => {
          const found = seen.find((posting) => posting.at >= since && matches(posting));
          if (found === undefined) return;
          end();
          resolve(found);
        };
        const limit = setTimeout(() => {
          end();
          reject(new Error(`no such message came within ${limitMs / 1000} s`));
        }, limitMs);
        waiting.add(look);
        look();
      }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function headersOf(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const passed = Object.entries(headers).filter(([name]) => !['host', 'connection', 'content-length', 'accept-encoding'].includes(name));
  return Object.fromEntries(passed.map(([name, value]) => [name, String(value)]));
}

function messageOf(body: string, answer: string): Pick<Posting, 'channel' | 'text' | 'blocks' | 'ts'> {
  const sent = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : Object.fromEntries(new URLSearchParams(body));
  const got = JSON.parse(answer) as { readonly ts?: string; readonly message_ts?: string };
  const blocks = sent['blocks'];
  return {
    channel: String(sent['channel']),
    text: String(sent['text']),
    blocks: typeof blocks === 'string' ? blocks : JSON.stringify(blocks ?? []),
    ts: got.ts ?? got.message_ts ?? '',
  };
}
