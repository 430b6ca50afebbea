/** A file on its way to a host: block by block, compressed where that pays, a block or two in memory. */
import type { FileHandle } from 'node:fs/promises';
import { constants, createZstdCompress, zstdCompress } from 'node:zlib';
import { promisify } from 'node:util';
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { openPlain } from '../files/plain-file.ts';
import { wireAct, actLimitMs } from './acts.ts';
import type { Encoding } from './acts.ts';
import type { Send } from './conversation.ts';
import type { HostAnswer, HostRequest } from './request.ts';
import type { HostClient } from './host-client.ts';
import type { Delivery } from './host.ts';
import * as limits from './limits.ts';
import type { Seen } from './looks.ts';
import { entryOf, roomBeside } from './parts.ts';
import { inMebibytes, paced } from './progress.ts';
import type { RunId } from '../ids.ts';

interface HandOver {
  readonly client: HostClient;
  readonly run: RunId;
  readonly clock: Pick<Clock, 'now'>;
  /** A look that has this run. */
  readonly seen: Seen;
  /** Looks that will be asked for right after it. */
  readonly after: readonly HostRequest[];
}

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: limits.compressedBlockBytes };
const compressed = promisify(zstdCompress);

/** The host compares the hash before the file gets its name. @throws OpsError HOST_*, STORE_FAILED when the file cannot be read here */
export async function handOver({ client, run, clock, seen, after }: HandOver, delivery: Delivery, progress: Progress): Promise<HostAnswer> {
  const { entry } = entryOf(client.where, seen, { run, what: 'snapshot' });
  const isThere = entry !== null && entry.bytes === delivery.bytes;
  // Of one that is there the host itself says whether it is the one.
  if (!isThere)
    demandRoom(client.where, seen, delivery.bytes + limits.receiveMarginBytes, (entry?.bytes ?? 0) + roomBeside(client.where, seen));
  const encoding: Encoding = seen.zstd === true && !isThere && (await pays(delivery)) ? 'zstd' : 'none';
  const act = { act: 'receive', delivery } as const;
  return await client.ask({
    verb: 'do',
    what: 'do receive',
    limitMs: actLimitMs(act, delivery.bytes),
    arguments: { act: wireAct(act, encoding) },
    after,
    send: sender(delivery, encoding, clock, progress),
  });
}

function demandRoom(where: string, { place }: Seen, neededBytes: number, freeBytes: number): void {
  if (freeBytes >= neededBytes) return;
  const directory = place.target.slice(0, place.target.lastIndexOf('/')) || '/';
  throw new OpsError(
    'HOST_DISK_FULL',
    `${directory} on ${where} has ${mebibytes(freeBytes)} MiB free; the snapshot needs ${mebibytes(neededBytes)} MiB.`,
    { details: { freeBytes, neededBytes } },
  );
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576);
}

/** Whether the beginning of the file becomes so much smaller that the CPU is well spent. */
async function pays({ localPath }: Delivery): Promise<boolean> {
  try {
    await using file = await openPlain(localPath);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(limits.sampleBytes), 0, limits.sampleBytes, 0);
    if (bytesRead === 0) return false;
    const { length } = await compressed(buffer.subarray(0, bytesRead), options);
    return length <= limits.compressedAtMost * bytesRead;
  } catch (error) {
    throw unreadable(localPath, error);
  }
}

function sender({ localPath, bytes }: Delivery, encoding: Encoding, clock: Pick<Clock, 'now'>, progress: Progress): Send {
  return async (write) => {
    const say = paced(clock, progress);
    let readBytes = 0;
    const count = (more: number) => {
      readBytes += more;
      say(() => inMebibytes(readBytes, bytes));
    };
    const file = await openPlain(localPath).catch((error: unknown) => {
      throw unreadable(localPath, error);
    });
    try {
      await (encoding === 'none' ? sendPlain : sendCompressed)({ file, localPath, count }, write);
    } finally {
      await file.close().catch(() => undefined);
    }
  };
}

interface Sending {
  readonly file: FileHandle;
  readonly localPath: string;
  readonly count: (bytes: number) => void;
}

/** By one buffer over and over: a block has left this process before the next is read, and a new buffer for each would be half a gigabyte of garbage. */
async function sendPlain({ file, localPath, count }: Sending, write: Parameters<Send>[0]): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(limits.blockMaxBytes);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
      throw unreadable(localPath, error);
    });
    if (bytesRead === 0) return;
    count(bytesRead);
    await write(buffer.subarray(0, bytesRead));
  }
}

async function sendCompressed({ file, localPath, count }: Sending, write: Parameters<Send>[0]): Promise<void> {
  const source = file.createReadStream({ highWaterMark: limits.compressedBlockBytes, autoClose: false });
  source.on('data', (chunk) => count(chunk.length));
  source.pause();
  let failure: OpsError | undefined;
  const output = source.pipe(createZstdCompress(options));
  source.once('error', (error) => {
    failure = unreadable(localPath, error);
    output.destroy(failure);
  });
  try {
    for await (const block of output as AsyncIterable<Buffer>) await write(block);
  } catch (error) {
    throw failure ?? error;
  } finally {
    source.destroy();
    output.destroy();
  }
}

function unreadable(path: string, cause: unknown): OpsError {
  const because = cause instanceof Error ? cause.message : String(cause);
  return new OpsError('STORE_FAILED', `${path} could not be read on the machine of the bot: ${because}.`, { cause });
}
