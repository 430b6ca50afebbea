/** Streams a snapshot of exactly one member into a new file, checking its trailer as it comes; memory stays flat. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ISnapshotResponse } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { bytesInWords } from '../engine/words.ts';
import { roomFor } from '../files/room.ts';
import type { FreeBytes, Room } from '../files/room.ts';
import type { Endpoint } from './endpoint.ts';
import type { StreamedSnapshot } from './etcd.ts';
import { toOpsError } from './failure.ts';
import { lookLimitMs, readStatus } from './look.ts';
import { trailerCheck } from './trailer.ts';
import type { TrailerVerdict } from './trailer.ts';

/** A stream that brings nothing for this long is dead: the host was powered off, its network is cut. */
const stallLimitMs = 30_000;
const stallCheckMs = 5_000;
/** The limit of the whole: this, and what the database takes at the slowest speed that is still worth waiting for. */
const baseLimitMs = 120_000;
const slowestBytesPerSecond = 1_024 * 1_024;
const progressEveryMs = 1_000;
/** etcd sends 32 KiB at a time; they are written together. */
const writeBytes = 1_024 * 1_024;
/** A database grows between the look at its size and the beginning of the stream: by half, and by a few of bbolt's steps of 16 MiB, is plenty. */
const growth = 1.5;
const growthBytes = 128 * 1_024 * 1_024;
/** The SHA-256 that follows what was announced. */
const trailerBytes = 32;

/** What streaming needs. */
export interface SnapshotStreamDeps {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** The disk is asked when not given. */
  readonly freeBytes?: FreeBytes;
}

/**
 * Streams a snapshot. Takes no more than the member announces in its first message, and nothing that is far larger than its status says.
 * @param toPath must not exist; removed again whatever goes wrong
 * @throws OpsError ETCD_* when the member does not give it, SNAPSHOT_INVALID when what came is not whole or more than was announced, STORE_FAILED
 *   when it cannot be written or would leave too little room
 */
export async function saveSnapshot(
  { endpoint, clock, freeBytes }: SnapshotStreamDeps,
  toPath: string,
  progress: Progress,
): Promise<StreamedSnapshot> {
  const expectedBytes = await sizeOf(endpoint);
  const room = roomFor(toPath, 'The snapshot', freeBytes);
  await room.demand(expectedBytes);
  const file = await create(toPath);
  const own = endpoint.dedicated();
  let whole = false;
  try {
    const verdict = await stream({ endpoint: own, clock, file, progress, expectedBytes, room });
    if (verdict.flaw !== undefined)
      throw new OpsError('SNAPSHOT_INVALID', `What ${endpoint.member} sent ${verdict.flaw}.`, {
        hint: 'Press Retry, or take the snapshot from another member.',
      });
    await file.sync();
    whole = true;
    return { bytes: verdict.bytes, sha256: verdict.sha256 };
  } catch (error) {
    throw isSystemError(error) ? storeFailed(toPath, error) : await toOpsError('snapshot', error, endpoint, limitOf(expectedBytes));
  } finally {
    own.close();
    await file.close();
    if (!whole) await rm(toPath, { force: true });
  }
}

async function sizeOf(endpoint: Endpoint): Promise<number> {
  try {
    return (await readStatus(endpoint, lookLimitMs)).dbSizeBytes;
  } catch (error) {
    throw await toOpsError('snapshot', error, endpoint, lookLimitMs);
  }
}

function limitOf(expectedBytes: number): number {
  return baseLimitMs + Math.ceil(expectedBytes / slowestBytesPerSecond) * 1_000;
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw storeFailed(path, error);
  }
}

interface Streaming {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly file: FileHandle;
  readonly progress: Progress;
  readonly expectedBytes: number;
  readonly room: Room;
}

async function stream({ endpoint, clock, file, progress, expectedBytes, room }: Streaming): Promise<TrailerVerdict> {
  const check = trailerCheck();
  const report = reporter(clock, progress, expectedBytes);
  const out = gathering(file, room);
  const announced = announcing(endpoint, expectedBytes);
  let received = 0;
  await endpoint.call(limitOf(expectedBytes), async (client, options) => {
    const source = (await client.maintenance.snapshot(options)) as unknown as Readable;
    const settled = new AbortController();
    const watch = watchForStall(clock, source, () => received, settled.signal);
    try {
      for await (const { blob, remaining_bytes: remaining } of source as AsyncIterable<ISnapshotResponse>) {
        if (!announced.hasBegun()) await room.demand(announced.begin(blob.length + Number(remaining)));
        received += blob.length;
        announced.demand(received);
        check.update(blob);
        await out.write(blob);
        report(received);
      }
    } finally {
      settled.abort();
      await watch;
      await out.settle();
    }
  });
  await out.end();
  return check.verdict();
}

/** Holds a member to what it has announced: its first message says how much is to follow, and its status how large its database is. */
function announcing({ member }: Endpoint, expectedBytes: number) {
  let announcedBytes: number | undefined;
  const refused = (sentence: string) =>
    new OpsError('SNAPSHOT_INVALID', `${member} ${sentence}`, {
      hint: 'Take the snapshot from another member, and look at what answers in the name of this one.',
    });
  return {
    hasBegun: () => announcedBytes !== undefined,
    /** @returns all bytes that may come, the SHA-256 at the end included */
    begin(bytes: number): number {
      const most = expectedBytes * growth + growthBytes;
      if (!(bytes <= most))
        throw refused(
          `announces a snapshot of ${bytesInWords(bytes)}, but its status says that its database has ${bytesInWords(expectedBytes)}: it was not taken.`,
        );
      announcedBytes = bytes + trailerBytes;
      return announcedBytes;
    },
    demand(received: number): void {
      if (announcedBytes !== undefined && received > announcedBytes)
        throw refused(
          `sends more than the ${bytesInWords(announcedBytes)} that it announced: the stream was cut, and nothing of it is kept.`,
        );
    },
  };
}

/**
 * Gathers small pieces in two buffers that are used again and again, one filling while the other is written: what came off the network
 * can be freed at once, and neither the network waits for the disk nor memory for either.
 */
function gathering(file: FileHandle, room: Room) {
  let filling = Buffer.allocUnsafeSlow(writeBytes);
  let spare = Buffer.allocUnsafeSlow(writeBytes);
  let used = 0;
  let writing = Promise.resolve();
  const hand = async () => {
    await writing;
    await room.take(used);
    writing = writeAll(file, filling.subarray(0, used));
    // Thrown to whoever waits for it next; until then it is nobody's unhandled rejection.
    writing.catch(() => undefined);
    [filling, spare] = [spare, filling];
    used = 0;
  };
  return {
    write: async (piece: Buffer) => {
      for (let from = 0; from < piece.length;) {
        const copied = piece.copy(filling, used, from);
        used += copied;
        from += copied;
        if (used === writeBytes) await hand();
      }
    },
    /** Resolves when all is written. */
    end: async () => {
      await hand();
      await writing;
    },
    /** Never rejects: after it the file may be closed. */
    settle: async () => await writing.catch(() => undefined),
  };
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) from += (await file.write(bytes, from)).bytesWritten;
}

/** Ends the stream when no byte has come for `stallLimitMs`. */
async function watchForStall(clock: Clock, source: Readable, received: () => number, settled: AbortSignal): Promise<void> {
  let seen = 0;
  let since = clock.now().getTime();
  while (!settled.aborted) {
    await clock.sleep(stallCheckMs, settled).catch(() => undefined);
    const now = clock.now().getTime();
    if (received() !== seen) {
      seen = received();
      since = now;
    } else if (!settled.aborted && now - since >= stallLimitMs) {
      source.destroy(
        new OpsError('ETCD_UNREACHABLE', `The snapshot stopped after ${megabytes(seen)} MB: nothing came for ${stallLimitMs / 1_000} s.`),
      );
      return;
    }
  }
}

function reporter(clock: Clock, progress: Progress, expectedBytes: number): (received: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (received) => {
    const now = clock.now().getTime();
    if (now - last < progressEveryMs) return;
    last = now;
    progress(`${megabytes(received)} of ${megabytes(expectedBytes)} MB`);
  };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function storeFailed(path: string, error: unknown): OpsError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new OpsError('STORE_FAILED', `${path} could not be written (${code}).`, { cause: error });
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
