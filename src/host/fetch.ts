/** A file on its way from a host: into a new file here, whole or not at all. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { roomFor } from '../files/room.ts';
import type { FreeBytes } from '../files/room.ts';
import { unknownAnswer } from './failures.ts';
import type { HostClient } from './host-client.ts';
import * as limits from './limits.ts';
import { intoNewFile } from './new-file.ts';
import { inMebibytes, paced } from './progress.ts';

interface Fetch {
  readonly client: HostClient;
  readonly clock: Pick<Clock, 'now'>;
  /** The arguments of `fetch`. */
  readonly arguments: Readonly<Record<string, string>>;
  /** For sentences: `database`. */
  readonly name: string;
  /** The disk is asked when not given. */
  readonly freeBytes?: FreeBytes | undefined;
}

const Fetched = z.object({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** Mode 0600, fsynced. @throws OpsError HOST_* or STORE_FAILED; no file is left then, and one that was there before is not touched */
export async function fetchFile(
  { client, clock, arguments: what, name, freeBytes }: Fetch,
  toPath: string,
  progress: Progress,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const attempt = { where: client.where, what: `fetch ${name}` };
  const room = roomFor(toPath, `The ${name} of ${client.where}`, freeBytes);
  return await intoNewFile(toPath, async (file) => {
    const say = paced(clock, progress);
    const hash = createHash('sha256');
    let takenBytes = 0;
    let announcedBytes = 0;
    const { done } = await client.ask({
      verb: 'fetch',
      what: attempt.what,
      // Until the host says how much it is: it may have to pack it first.
      limitMs: limits.dataFixedLimitMs,
      arguments: what,
      take: {
        async begin(bytes) {
          if (bytes > limits.fetchMaxBytes) throw unknownAnswer(attempt, `it announces ${bytes} bytes, more than any etcd has`);
          await room.demand(bytes);
          announcedBytes = bytes;
          return limits.dataLimitMs(bytes);
        },
        async chunk(chunk) {
          await room.take(chunk.length);
          hash.update(chunk);
          await file.appendFile(chunk);
          takenBytes += chunk.length;
          say(() => inMebibytes(takenBytes, announcedBytes));
        },
      },
    });
    const there = Fetched.safeParse(done);
    if (!there.success) throw unknownAnswer(attempt, 'it does not say what it sent');
    const came = { bytes: takenBytes, sha256: hash.digest('hex') };
    if (came.bytes !== there.data.bytes || came.sha256 !== there.data.sha256 || came.bytes !== announcedBytes) {
      throw new OpsError(
        'HOST_COMMAND_FAILED',
        `The ${name} of ${client.where} came with ${came.bytes} bytes and sha256 ${came.sha256}, but has ${there.data.bytes} bytes and sha256 ${there.data.sha256} there: it was cut, or something writes to it.`,
        { details: { came, announcedBytes, there: there.data } },
      );
    }
    return came;
  });
}
