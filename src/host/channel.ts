/** One conversation with the program on a host: its first line, then one request after the other. */
import { OpsError } from '../errors.ts';
import { createConversation } from './conversation.ts';
import type { Answer, Asking, Request } from './conversation.ts';
import { channelEnded, doorMissing, programFailure } from './failures.ts';
import type { Attempt } from './failures.ts';
import { cleaned } from '../engine/foreign-text.ts';
import * as limits from './limits.ts';
import { EndOfStream, LineTooLong, createLineReader } from './line-reader.ts';
import type { LineReader } from './line-reader.ts';
import { Hello, parseLine, parseObject, spokenVersions, versionWith } from './protocol.ts';
import type { Link, LinkEnd } from './ssh.ts';

/** An open channel. Not for two requests at a time. */
export interface Channel {
  readonly hello: Hello;
  /** False once the other end is gone, or was ended because what it said could not be trusted. */
  isOpen(): boolean;
  /** The error of the request during which the connection broke by itself: the host was rebooted, or the program ended. */
  brokenBy(): unknown;
  /** @throws OpsError HOST_* ; the channel is ended then unless the program gave the error in due form */
  ask(request: Request, asking: Asking): Promise<Answer>;
  /** Ends its input, waits a moment, kills. A request that is under way fails. */
  close(): Promise<void>;
}

/**
 * Opens one. Nothing is sent before the program has said who it is: where a key still opens a shell, nothing is typed into it.
 * @throws OpsError HOST_*
 */
export async function openChannel(open: () => Link, where: string, helloLimitMs = limits.helloLimitMs): Promise<Channel> {
  const link = open();
  const reader = createLineReader(link.stdout);
  const attempt: Attempt = { where, what: 'open a channel' };
  try {
    const first = await within(helloLimitMs, reader.line(limits.helloMaxBytes), () =>
      doorMissing(where, `nothing was said for ${Math.round(helloLimitMs / 1_000)} s, as a shell would wait, or a host that is too busy`),
    );
    const hello = greeting(where, first);
    return createChannel(link, reader, where, hello, versionOf(where, hello));
  } catch (error) {
    const failure = error instanceof EndOfStream ? channelEnded(attempt, await endOf(link), false) : error;
    link.kill();
    if (failure instanceof LineTooLong) throw doorMissing(where, `it says \`${cleaned(failure.beginning.toString('utf8'), 120)}\``);
    throw failure;
  }
}

function greeting(where: string, line: Buffer): Hello {
  const value = parseObject(line);
  const hello = Hello.safeParse(value);
  if (!hello.success) {
    // A program that may not even begin says why in the form of an answer.
    const said = parseLine(line, 0);
    if (said.kind === 'error') throw programFailure({ where, what: 'open a channel' }, said.failure);
    throw doorMissing(where, `it says \`${cleaned(line.toString('utf8'), 120)}\``);
  }
  return hello.data;
}

/** The version that is spoken on this channel. */
function versionOf(where: string, hello: Hello): number {
  const version = versionWith(hello);
  if (version !== undefined) return version;
  const { newest, oldest } = spokenVersions;
  const own = newest === oldest ? `${newest}` : `${oldest} and ${newest}`;
  throw doorMissing(where, `it speaks protocol ${hello.protocol}, the bot protocol ${own}`);
}

function createChannel(link: Link, reader: LineReader, where: string, hello: Hello, protocol: number): Channel {
  let isOpen = true;
  let brokenBy: unknown;
  let lastId = 0;
  let cut: ((error: Error) => void) | undefined;
  const watch = async () => {
    await link.ended;
    isOpen = false;
  };
  void watch();
  const kill = () => {
    isOpen = false;
    link.kill();
  };
  return {
    hello,
    isOpen: () => isOpen,
    brokenBy: () => brokenBy,
    async ask(request, asking) {
      const attempt = { where, what: asking.what };
      lastId += 1;
      const line = `${JSON.stringify({ protocol, id: lastId, ...request })}\n`;
      if (Buffer.byteLength(line) > limits.lineMaxBytes) {
        throw new OpsError('ARGUMENT_UNSAFE', `What ${where} is to be told is too long for one request (${asking.what}).`, {
          hint: 'Do with fewer members, or shorter names.',
        });
      }
      const conversation = createConversation(link, reader, { attempt, asking, id: lastId, kill });
      cut = conversation.abort;
      try {
        return await conversation.run(line);
      } catch (error) {
        if (!(error instanceof EndOfStream)) throw error;
        // First how it ended by itself, and only then an end of ours.
        brokenBy = channelEnded(attempt, await endOf(link), true);
        kill();
        throw brokenBy;
      } finally {
        cut = undefined;
      }
    },
    async close() {
      isOpen = false;
      cut?.(new OpsError('HOST_UNREACHABLE', `The connection to ${where} was closed.`));
      link.stdin.end();
      await within(limits.closeGraceMs, link.ended, () => new Error('it does not end')).catch(() => undefined);
      link.kill();
    },
  };
}

/** The end of a link whose output has ended: it is near, or is made. */
async function endOf(link: Link): Promise<LinkEnd> {
  return await within(limits.closeGraceMs, link.ended, () => new Error('it does not end')).catch(async () => {
    link.kill();
    return await link.ended;
  });
}

/** @throws what `otherwise` makes when it takes longer */
async function within<T>(ms: number, promise: Promise<T>, otherwise: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(otherwise()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
