/** Keeps the beginning and the end of a stream whose length nobody promised, and counts the rest. */

/** A stream as far as it was kept. */
export interface Kept {
  readonly bytes: Buffer;
  readonly leftOutBytes: number;
}

/**
 * Collects a stream's chunks, at most `limitBytes` of them: half for the beginning, half for the end.
 * The stream is read to its end whatever its length: stopping would block or kill the command behind it.
 */
export function createCollector(limitBytes: number): { add(chunk: Buffer): void; kept(): Kept } {
  const half = Math.floor(limitBytes / 2);
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let leftOutBytes = 0;
  const cutTail = () => {
    if (tailBytes <= half) return;
    const all = Buffer.concat(tail);
    leftOutBytes += tailBytes - half;
    tail = [all.subarray(all.length - half)];
    tailBytes = half;
  };
  return {
    add(chunk) {
      const first = chunk.subarray(0, half - headBytes);
      if (first.length > 0) head.push(first);
      headBytes += first.length;
      const rest = chunk.subarray(first.length);
      if (rest.length === 0) return;
      tail.push(rest);
      tailBytes += rest.length;
      // Copying the tail for every small chunk would be quadratic.
      if (tailBytes > 2 * half) cutTail();
    },
    kept() {
      cutTail();
      const gap = leftOutBytes === 0 ? [] : [Buffer.from(leftOut(leftOutBytes))];
      return { bytes: Buffer.concat([...head, ...gap, ...tail]), leftOutBytes };
    },
  };
}

/** Shortens text for the journal: its beginning and its end, by bytes, never through a character. */
export function shorten(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limitBytes) return text;
  const half = Math.floor(limitBytes / 2);
  const head = bytes
    .subarray(0, half)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  const tail = bytes
    .subarray(bytes.length - half)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
  return `${head}${leftOut(bytes.length - 2 * half)}${tail}`;
}

function leftOut(bytes: number): string {
  return `\n[${bytes} bytes left out]\n`;
}
