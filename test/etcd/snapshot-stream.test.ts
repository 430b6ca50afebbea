import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/etcd/endpoint.ts';
import { saveSnapshot } from '../../src/etcd/snapshot-stream.ts';
import { reserveBytes } from '../../src/files/room.ts';
import { MemberName } from '../../src/ids.ts';
import { fakeClock } from '../fakes/clock.ts';
import { snapshotBytes } from './snapshot-bytes.ts';

const dbSizeBytes = 1_048_576;
const whole = snapshotBytes(dbSizeBytes);
const quiet = () => undefined;
const enough = async () => 100 * reserveBytes;

interface Message {
  readonly blob: Buffer;
  readonly remaining_bytes: string;
}

/** As etcd sends it: pieces with what is left of the database, then the SHA-256. */
function* honest(): Generator<Message> {
  const body = whole.subarray(0, dbSizeBytes);
  for (let sent = 0; sent < body.length; sent += 32_768)
    yield { blob: body.subarray(sent, sent + 32_768), remaining_bytes: String(body.length - sent - 32_768) };
  yield { blob: whole.subarray(dbSizeBytes), remaining_bytes: '0' };
}

/** A member whose status says 1 MiB, and that streams what it likes. */
function memberThat(sends: () => Iterable<Message>): { readonly endpoint: Endpoint; readonly given: () => number } {
  let given = 0;
  const counted = function* () {
    for (const message of sends()) {
      given += message.blob.length;
      yield message;
    }
  };
  const header = { cluster_id: '1', member_id: '2', revision: '3', raft_term: '1' };
  const status = { header, version: '3.5.16', dbSize: String(dbSizeBytes), dbSizeInUse: '1', leader: '2', isLearner: false, errors: [] };
  const counts = { raftTerm: '1', raftIndex: '1', raftAppliedIndex: '1' };
  const maintenance = { status: async () => ({ ...status, ...counts }), snapshot: async () => Readable.from(counted()) };
  const endpoint = {
    member: MemberName.parse('etcd02'),
    url: 'https://10.0.0.32:2379',
    call: async (_limitMs: number, request: (client: unknown, options: unknown) => Promise<unknown>) => await request({ maintenance }, {}),
    dedicated: () => endpoint,
    close: quiet,
  } as unknown as Endpoint;
  return { endpoint, given: () => given };
}

function* endless(remaining: string): Generator<Message> {
  for (;;) yield { blob: Buffer.alloc(32_768, 7), remaining_bytes: remaining };
}

describe('snapshot-stream', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'etcd-medic-stream-'))));
  afterAll(() => rmSync(directory, { recursive: true }));
  const save = async (sends: () => Iterable<Message>, freeBytes = enough) => {
    const member = memberThat(sends);
    const path = join(directory, 'snapshot');
    rmSync(path, { force: true });
    const saved = await saveSnapshot({ endpoint: member.endpoint, clock: fakeClock(), freeBytes }, path, quiet).catch(
      (error: unknown) => error,
    );
    return { saved, path, given: member.given() };
  };

  it('takes what was announced, and the SHA-256 behind it', async () => {
    const { saved, path } = await save(honest);

    expect(saved).toMatchObject({ bytes: whole.length });
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  it('cuts a stream without an end at what was announced, and keeps nothing of it', async () => {
    const { saved, path, given } = await save(() => endless(String(dbSizeBytes - 32_768)));

    expect(saved).toMatchObject({
      code: 'SNAPSHOT_INVALID',
      message: 'etcd02 sends more than the 1.0 MB that it announced: the stream was cut, and nothing of it is kept.',
    });
    expect(given).toBeLessThan(2 * dbSizeBytes);
    expect(existsSync(path)).toBe(false);
  });

  it.each([String(900 * 1_000_000_000), '18446744073709551615', 'many'])(
    'does not begin with an announcement of %s bytes that the size of the database does not bear out',
    async (remaining) => {
      const { saved, path, given } = await save(() => endless(remaining));

      expect(saved).toMatchObject({
        code: 'SNAPSHOT_INVALID',
        message: expect.stringContaining('but its status says that its database has 1.0 MB') as string,
      });
      expect(given).toBeLessThan(dbSizeBytes);
      expect(existsSync(path)).toBe(false);
    },
  );

  it('does not begin where the reserve would not stay free, and stops where others take it meanwhile', async () => {
    const left = [reserveBytes + 2 * dbSizeBytes, reserveBytes + 2 * dbSizeBytes];

    const before = await save(honest, async () => reserveBytes + dbSizeBytes - 1);
    const meanwhile = await save(honest, async () => left.shift() ?? reserveBytes - 1);

    expect(before).toMatchObject({
      saved: { code: 'STORE_FAILED', message: expect.stringContaining('must stay free') as string },
      given: 0,
    });
    expect(meanwhile.saved).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('not written to its end') as string });
    expect(existsSync(meanwhile.path)).toBe(false);
  });
});
