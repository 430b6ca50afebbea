/** Bytes in the form of a streamed snapshot: a bbolt file's head, pages, and the SHA-256 of it all. */
import { createHash } from 'node:crypto';

/** @param bodyBytes a multiple of 512; 32 more follow */
export function snapshotBytes(bodyBytes: number, fill = 7): Buffer {
  const body = Buffer.alloc(bodyBytes, fill);
  body.writeUInt32LE(0xed_0c_da_ed, 16);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}
