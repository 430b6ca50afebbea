import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reserveBytes } from '../../src/files/room.ts';
import { fetchFile } from '../../src/host/fetch.ts';
import type { HostClient } from '../../src/host/host-client.ts';

/** A host that announces so many bytes and sends block after block until somebody says no. */
function hostThat(announcedBytes: number): { readonly client: HostClient; readonly sent: () => number } {
  let sent = 0;
  const client: HostClient = {
    where: 'etcd01 (10.0.0.31)',
    async ask({ take }) {
      if (take === undefined) throw new Error('nothing is taken');
      await take.begin(announcedBytes);
      for (;;) {
        sent += 1_048_576;
        await take.chunk(Buffer.alloc(1_048_576));
      }
    },
    close: async () => undefined,
  };
  return { client, sent: () => sent };
}

describe('fetchFile', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'etcd-medic-fetch-'))));
  afterAll(() => rmSync(directory, { recursive: true }));
  const fetch = async (announcedBytes: number, free: readonly number[]) => {
    const left = [...free];
    const { client, sent } = hostThat(announcedBytes);
    const path = join(directory, 'db');
    const fetching = {
      client,
      clock: { now: () => new Date() },
      arguments: {},
      name: 'database',
      freeBytes: async () => left.shift() ?? 0,
    };
    const result = await fetchFile(fetching, path, () => undefined).catch((error: unknown) => error);
    return { result, sent: sent(), isLeft: existsSync(path) };
  };

  it('takes nothing of a file for which there is no room beside the reserve', async () => {
    expect(await fetch(1_000_000_000, [reserveBytes + 999_999_999])).toMatchObject({
      result: { code: 'STORE_FAILED', message: expect.stringContaining('The database of etcd01 (10.0.0.31) needs 1.0 GB') as string },
      sent: 0,
      isLeft: false,
    });
  });

  it('stops, and leaves nothing, when the room goes meanwhile', async () => {
    const roomy = 10 * reserveBytes;

    const { result, sent, isLeft } = await fetch(1_000_000_000, [roomy, roomy, reserveBytes]);

    expect(result).toMatchObject({ code: 'STORE_FAILED' });
    expect(sent).toBeLessThan(40 * 1_048_576);
    expect(isLeft).toBe(false);
  });
});
