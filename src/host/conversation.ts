/** One request to the program on a host and all lines of its answer, with the bytes that go either way. */
import type { OpsError } from '../errors.ts';
import { programFailure, tooLate, unknownAnswer } from './failures.ts';
import type { Attempt } from './failures.ts';
import * as limits from './limits.ts';
import { EndOfStream, LineTooLong } from './line-reader.ts';
import type { LineReader } from './line-reader.ts';
import type { Operation } from './operation.ts';
import { parseLine } from './protocol.ts';
import type { Ended } from './protocol.ts';
import type { Link } from './ssh.ts';

/** What is asked: docs/host-protocol.md. */
export interface Request {
  readonly verb: string;
  /** The name of an entry of host.json. */
  readonly etcd: string;
  readonly run?: string;
  readonly epoch?: number;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Hands blocks to the host, each at most `blockMaxBytes`; resolves when there is room for the next. */
export type Send = (write: (block: Buffer) => Promise<void>) => Promise<void>;

/** Takes what a host sends. */
export interface Take {
  /** Told how much will come; gives the limit for it. @throws when it is not wanted */
  begin(bytes: number): Promise<number>;
  chunk(chunk: Buffer): Promise<void>;
}

/** How an answer is taken. */
export interface Asking {
  /** For sentences: `do stop`. */
  readonly what: string;
  readonly limitMs: number;
  readonly began?: (operation: Operation) => void;
  readonly ended?: (operation: Ended) => void;
  /** Called when the host is ready for the bytes; not when it has them already. */
  readonly send?: Send;
  readonly take?: Take;
}

/** The answer's last line. */
export interface Answer {
  readonly done: unknown;
  /** As it came. */
  readonly line: Buffer;
}

/** A request under way. */
export interface Conversation {
  /** @throws EndOfStream when the other end is gone, else what went wrong */
  run(line: string): Promise<Answer>;
  /** Ends it, and the channel with it. */
  abort(error: Error): void;
}

interface Conversing {
  readonly attempt: Attempt;
  readonly asking: Asking;
  readonly id: number;
  readonly kill: () => void;
}

/** One request and its answer. */
export function createConversation(link: Link, reader: LineReader, { attempt, asking, id, kill }: Conversing): Conversation {
  let failure: Error | undefined;
  const abort = (error: Error) => {
    failure ??= error;
    kill();
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => abort(tooLate(attempt, ms)), ms);
  };
  const write = async (data: string | Buffer) => {
    await new Promise<void>((resolve, reject) => {
      link.stdin.write(data, (error) => (error ? reject(new EndOfStream(error.message)) : resolve()));
    });
  };
  const answers = answersOf(reader, { attempt, asking, id, limit, write, abort });
  return {
    abort,
    async run(line) {
      limit(asking.limitMs);
      try {
        // That it could not be written is seen by reading: the end says why.
        write(line).catch(() => undefined);
        return await answers();
      } catch (error) {
        // A refusal in due form leaves the channel as it was; whatever else happened, what follows cannot be trusted.
        if (failure === undefined && error instanceof Refusal) throw error.reason;
        if (failure === undefined && error instanceof EndOfStream) throw error;
        kill();
        throw failure ?? error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The program said no, and goes on. */
class Refusal extends Error {
  readonly reason: OpsError;

  constructor(reason: OpsError) {
    super(reason.message);
    this.reason = reason;
  }
}

interface Answering extends Omit<Conversing, 'kill'> {
  readonly limit: (ms: number) => void;
  readonly write: (data: string | Buffer) => Promise<void>;
  readonly abort: (error: Error) => void;
}

/** Reads lines until the last one of this request. */
function answersOf(reader: LineReader, { attempt, asking, id, limit, write, abort }: Answering): () => Promise<Answer> {
  const refuse = (because: string) => unknownAnswer(attempt, because);
  let sending: 'not asked' | 'under way' | 'over' = 'not asked';
  const send = async (blocks: Send) => {
    await blocks(async (block) => {
      if (block.length === 0 || block.length > limits.blockMaxBytes) throw new RangeError(`a block of ${block.length} bytes`);
      await write(`${block.length}\n`);
      await write(block);
    });
    await write('0\n');
    sending = 'over';
  };
  let operations = 0;
  let operationBytes = 0;
  let hasStreamed = false;
  const next = async () => {
    const line = await reader.line(limits.lineMaxBytes).catch((error: unknown) => {
      throw error instanceof LineTooLong ? refuse(`a line is longer than ${limits.lineMaxBytes} bytes`) : error;
    });
    return { line, parsed: parseLine(line, id) };
  };
  return async () => {
    for (;;) {
      const { line, parsed } = await next();
      switch (parsed.kind) {
        case 'none':
          throw refuse(parsed.because);
        case 'begins':
        case 'ended':
          operations += 1;
          operationBytes += line.length;
          if (operations > 2 * limits.operationsMax || operationBytes > limits.operationsMaxBytes)
            throw refuse(`it reports more than ${limits.operationsMax} operations, or longer ones than there are`);
          if (parsed.kind === 'begins') asking.began?.(parsed.operation);
          else asking.ended?.(parsed.operation);
          break;
        case 'progress':
          break;
        case 'ready':
          if (asking.send === undefined || sending !== 'not asked') throw refuse('it asks for bytes that nobody has');
          sending = parsed.ready ? 'under way' : 'over';
          // Beside the reading: the host may refuse in the middle.
          if (parsed.ready)
            send(asking.send).catch((error: unknown) => {
              if (!(error instanceof EndOfStream)) abort(error instanceof Error ? error : new Error(String(error)));
            });
          break;
        case 'stream':
          // One: each has a time limit of its own, so a host that sends stream after stream would never be done.
          if (asking.take === undefined || hasStreamed) throw refuse('it sends bytes that nobody asked for');
          hasStreamed = true;
          await receiveBlocks(reader, parsed.bytes, asking.take, { limit, refuse });
          break;
        case 'done':
          if (asking.send !== undefined && sending !== 'over') throw refuse('it was done before it had everything');
          return { done: parsed.done, line };
        case 'error': {
          const reason = programFailure(attempt, parsed.failure);
          // In the middle of bytes nobody knows where the next request would begin, and after a request that it could not read the program ends.
          throw sending === 'under way' || reason.code === 'HOST_PROTOCOL' ? reason : new Refusal(reason);
        }
      }
    }
  };
}

async function receiveBlocks(
  reader: LineReader,
  announcedBytes: number,
  take: Take,
  { limit, refuse }: { readonly limit: (ms: number) => void; readonly refuse: (because: string) => OpsError },
): Promise<void> {
  limit(await take.begin(announcedBytes));
  let takenBytes = 0;
  for (;;) {
    const line = await reader.line(limits.blockLineMaxBytes).catch((error: unknown) => {
      throw error instanceof LineTooLong ? refuse('a block has no size') : error;
    });
    const text = line.toString('latin1');
    const bytes = /^(?:0|[1-9][0-9]{0,6})$/.test(text) ? Number(text) : Number.NaN;
    if (!(bytes <= limits.blockMaxBytes)) throw refuse('a block has no size that is allowed');
    if (takenBytes + bytes > announcedBytes) throw refuse(`it sends more than the ${announcedBytes} bytes that it announced`);
    if (bytes === 0) return;
    takenBytes += bytes;
    await reader.bytes(bytes, take.chunk);
  }
}
