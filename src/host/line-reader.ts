/** Reads what comes from a host line by line, or as so many bytes, and never keeps more than it was told to. */

/** The stream ended where more was expected. */
export class EndOfStream extends Error {
  override readonly name = 'EndOfStream';
}

/** A line that is longer than it may be. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
  /** Its beginning, as far as it may go. */
  readonly beginning: Buffer;

  constructor(beginning: Buffer) {
    super(`a line is longer than ${beginning.length} bytes`);
    this.beginning = beginning;
  }
}

/** Takes from a stream in order. One call at a time; nothing is read ahead of what is asked for but the stream's own buffer. */
export interface LineReader {
  /** The next line without its newline. @throws LineTooLong, EndOfStream */
  line(maxBytes: number): Promise<Buffer>;
  /** The next bytes, handed on piece by piece as they come. @throws EndOfStream, and whatever `take` throws */
  bytes(count: number, take: (chunk: Buffer) => Promise<void>): Promise<void>;
}

/** Nothing is read before the first call. */
export function createLineReader(stream: AsyncIterable<Buffer>): LineReader {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<Buffer> => {
    const next = await chunks.next().catch(() => undefined);
    if (next === undefined || next.done === true) throw new EndOfStream('the stream ended');
    return next.value;
  };
  return {
    async line(maxBytes) {
      // A list, and one look at each piece: joining after every piece would be quadratic for a host that sends single bytes.
      const pieces: Buffer[] = [];
      let bytes = 0;
      for (;;) {
        const at = rest.indexOf('\n');
        const piece = at === -1 ? rest : rest.subarray(0, at);
        if (bytes + piece.length > maxBytes) throw new LineTooLong(Buffer.concat([...pieces, piece]).subarray(0, maxBytes));
        pieces.push(piece);
        bytes += piece.length;
        if (at !== -1) {
          rest = rest.subarray(at + 1);
          return Buffer.concat(pieces);
        }
        rest = Buffer.alloc(0);
        rest = await more();
      }
    },
    async bytes(count, take) {
      let missing = count;
      while (missing > 0) {
        if (rest.length === 0) rest = await more();
        const chunk = rest.subarray(0, missing);
        rest = rest.subarray(chunk.length);
        missing -= chunk.length;
        await take(chunk);
      }
    },
  };
}
