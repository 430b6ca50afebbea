/** Where the terminal prints. A reader that has seen enough (`etcd-medic runs | head`) closes its end: that ends the printing, quietly, and nothing else. */
import type { Writable } from 'node:stream';

/** Writes a text as it is; nothing once the reader has gone. */
export type Write = (text: string) => void;

/**
 * Takes a stream over.
 * @param onGone told once, when the reader has gone
 */
export function createWrite(stream: Writable, onGone: () => void = () => undefined): Write {
  let isGone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (isGone) return;
    isGone = true;
    onGone();
  });
  return (text) => {
    if (!isGone && stream.writable) stream.write(text);
  };
}
