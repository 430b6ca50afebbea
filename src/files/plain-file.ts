/** Opens and reads files that somebody else could have put there: nothing but a plain file, without ever waiting for it, and no more than fits. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Certificates, keys and settings: the largest bundle of authorities has a quarter of it. */
export const smallFileMaxBytes = 1_048_576;

/** Whether a link in the last place of the path is followed. Secrets of Kubernetes are links; in the directory of the backups nothing is. */
export type Links = 'followed' | 'refused';

/** What a file was refused for. */
export interface Unreadable {
  readonly ok: false;
  /** `ENOENT`, `EACCES` … of the system; of our own: `ENOTFILE`, `EFBIG`. */
  readonly code: string;
  /** The end of a sentence about the file: `is a pipe and not a file`. */
  readonly because: string;
}

/** A small file with its mode, or why it was not read. */
export type Reading = { readonly ok: true; readonly content: Buffer; readonly mode: number; readonly uid: number } | Unreadable;

/** A file that is none, or too large. */
export class NotPlainFile extends Error {
  readonly code: string;
  readonly because: string;

  constructor(code: string, because: string) {
    super(because);
    this.code = code;
    this.because = because;
  }
}

/** O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. O_NOCTTY: a terminal must not become ours. */
function flagsOf(links: Links): number {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  return O_RDONLY | O_NONBLOCK | O_NOCTTY | (links === 'refused' ? O_NOFOLLOW : 0);
}

/**
 * Opens a plain file for reading; whoever opens it closes it. Links are refused.
 * @throws NotPlainFile for a link, a pipe, a device, a directory; what the file system throws
 */
export async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, flagsOf('refused')).catch((error: unknown) => {
    throw codeOf(error) === 'ELOOP' ? new NotPlainFile('ELOOP', kinds.link) : error;
  });
  try {
    demandPlain(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is at a path, without opening it: its size when it is a plain file. Never throws. */
export async function lookAtPlain(
  path: string,
): Promise<{ readonly ok: true; readonly bytes: number; readonly mtimeMs: number } | Unreadable> {
  try {
    const found = await lstat(path);
    demandPlain(found);
    return { ok: true, bytes: found.size, mtimeMs: found.mtimeMs };
  } catch (error) {
    return unreadable(error);
  }
}

/** Reads a small file from end to end. Never throws, never waits. @param maxBytes what has more is not read */
export function readSmallFile(path: string, links: Links, maxBytes: number = smallFileMaxBytes): Reading {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, flagsOf(links));
    const found = fstatSync(descriptor);
    demandPlain(found);
    demandSize(found.size, maxBytes);
    return { ok: true, content: contentOf(descriptor, maxBytes), mode: found.mode, uid: found.uid };
  } catch (error) {
    return unreadable(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Not by the size it had: a file may grow, and those of /proc have none. */
function contentOf(descriptor: number, maxBytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let bytes = 0; ;) {
    const block = Buffer.alloc(65_536);
    const read = readSync(descriptor, block, 0, block.length, null);
    if (read === 0) return Buffer.concat(blocks);
    bytes += read;
    demandSize(bytes, maxBytes);
    blocks.push(block.subarray(0, read));
  }
}

const kinds = {
  link: 'is a symbolic link and not a file',
  pipe: 'is a pipe and not a file',
  directory: 'is a directory and not a file',
  socket: 'is a socket and not a file',
  device: 'is a device and not a file',
} as const;

function demandPlain(found: Stats): void {
  if (found.isFile()) return;
  const kind = found.isSymbolicLink()
    ? 'link'
    : found.isFIFO()
      ? 'pipe'
      : found.isDirectory()
        ? 'directory'
        : found.isSocket()
          ? 'socket'
          : 'device';
  throw new NotPlainFile('ENOTFILE', kinds[kind]);
}

function demandSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new NotPlainFile('EFBIG', `is larger than ${maxBytes} bytes, which such a file never is`);
}

function unreadable(error: unknown): Unreadable {
  const code = codeOf(error);
  if (error instanceof NotPlainFile) return { ok: false, code, because: error.because };
  return { ok: false, code, because: words[code] ?? `cannot be read by this user (${code})` };
}

/** ENXIO: a socket, or a device that is not there. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ELOOP: kinds.link,
  ENXIO: 'is a socket or a device and not a file',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
