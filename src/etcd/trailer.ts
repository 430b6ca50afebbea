/** The SHA-256 that a streamed snapshot ends with: computed over everything in front of it as the bytes pass. */
import { createHash } from 'node:crypto';

/** A streamed snapshot is a bbolt file, whole pages of a multiple of 512 bytes, and a SHA-256 of it. */
const trailerBytes = 32;
const pageBytes = 512;
/** The first two pages of a bbolt file are its meta pages; `magic` stands after a page header of 16 bytes, in the machine's byte order. */
const magicOffset = 16;
const boltMagic = 0xed_0c_da_ed;

/** What the bytes turned out to be. */
export interface TrailerVerdict {
  readonly bytes: number;
  /** Of the whole file, trailer included, in hex. */
  readonly sha256: string;
  /** Undefined when the file is a whole snapshot; else why it is not, as the end of a sentence about the file. */
  readonly flaw: string | undefined;
}

/** Takes a snapshot's bytes in order, in chunks of any size. Holds back 32 bytes and nothing else. */
export interface TrailerCheck {
  update(chunk: Buffer): void;
  /** Once, at the end. */
  verdict(): TrailerVerdict;
}

/**
 * Begins a check.
 * @see https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go (`hasChecksum`: size % 512 == sha256.Size)
 */
export function trailerCheck(): TrailerCheck {
  const hash = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);
  let head: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return {
    update: (chunk) => {
      if (head.length < magicOffset + 4) head = Buffer.concat([head, chunk.subarray(0, magicOffset + 4 - head.length)]);
      bytes += chunk.length;
      if (chunk.length >= trailerBytes) {
        hash.update(held).update(chunk.subarray(0, -trailerBytes));
        held = Buffer.from(chunk.subarray(-trailerBytes));
      } else {
        const tail = Buffer.concat([held, chunk]);
        hash.update(tail.subarray(0, Math.max(0, tail.length - trailerBytes)));
        held = tail.subarray(-trailerBytes);
      }
    },
    verdict: () => {
      const body = hash.copy().digest();
      return { bytes, sha256: hash.update(held).digest('hex'), flaw: flawOf(bytes, head, body.equals(held)) };
    },
  };
}

function flawOf(bytes: number, head: Buffer, trailerMatches: boolean): string | undefined {
  if (bytes === 0) return 'is empty';
  if (bytes < magicOffset + 4 || head.readUInt32LE(magicOffset) !== boltMagic)
    return 'is no etcd snapshot: it does not begin as a bbolt database does';
  if (bytes % pageBytes === 0) return 'has no SHA-256 at its end: it is a copied database file, or it was cut';
  if (bytes % pageBytes !== trailerBytes) return `is cut: ${bytes} bytes are not whole pages and a SHA-256`;
  return trailerMatches ? undefined : 'does not have the SHA-256 that stands at its end: bytes in it have changed';
}
