/** Files on their way to a host and from it: block by block, compared, whole or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Move } from './fake-program.ts';
import { look, parts, run, scratch, scriptedHost, where } from './scripted-host.ts';

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const seen = (changes?: Readonly<Record<string, unknown>>): readonly Move[] => [{ line: { done: look(changes) } }];
const done: Move = { line: { done: { result: null, look: look() } } };
const silent = () => undefined;
/** A local file to hand over. */
const delivery = (content: Buffer) => {
  const localPath = join(scratch(), 'snapshot.db');
  writeFileSync(localPath, content);
  return { localPath, bytes: content.length, sha256: sha256(content) };
};
const receiving = (encoding?: 'zstd'): readonly Move[] => [
  { line: { ready: true } },
  { receive: true, ...(encoding !== undefined && { encoding }) },
  done,
];

describe('handing a file over', () => {
  it('sends what cannot be packed as it is, in blocks that are not too large', async () => {
    const file = delivery(randomBytes(3_500_000));
    const h = scriptedHost({ answers: { look: [seen()], do: [receiving()] } });

    await h.host.handOver(file, silent);

    expect(h.requests()[1]).toMatchObject({
      run,
      epoch: 7,
      arguments: { act: { act: 'receive', bytes: file.bytes, sha256: file.sha256, encoding: 'none' } },
    });
    expect(h.received()).toEqual([{ bytes: file.bytes, sha256: file.sha256, wireBytes: file.bytes, largest: 1_048_576 }]);
  });

  it('packs what becomes smaller, where the host can unpack', async () => {
    const file = delivery(Buffer.alloc(5_000_000, 'etcd keeps pages of zeros'));
    const packing = scriptedHost({ answers: { look: [seen()], do: [receiving('zstd')] } });
    const plain = scriptedHost({ answers: { look: [seen({ zstd: false })], do: [receiving()] } });

    await Promise.all([packing.host.handOver(file, silent), plain.host.handOver(file, silent)]);

    const [packed] = packing.received();
    expect(packed).toMatchObject({ bytes: file.bytes, sha256: file.sha256 });
    expect(packed?.wireBytes).toBeLessThan(100_000);
    expect(plain.received()).toMatchObject([{ wireBytes: file.bytes, sha256: file.sha256 }]);
  });

  it('goes by the look of a moment ago, when nothing was done since', async () => {
    let nowMs = 1_000;
    const file = delivery(Buffer.from('x'));
    const answers = { look: [seen()], do: [receiving(), receiving(), receiving()] };
    const h = scriptedHost({ answers }, { monotonicMs: () => nowMs });
    const had = async (ms: number) => {
      await h.host.has({ run, what: 'snapshot' });
      nowMs += ms;
      await h.host.handOver(file, silent);
      return h
        .requests()
        .map(({ verb }) => verb)
        .join(' ');
    };

    expect(await had(249)).toBe('look do');
    nowMs += 1_000;
    expect(await had(250)).toBe('look do look look do');
    // What the act itself brought is of now as well.
    expect(await had(0)).toBe('look do look look do do');
  });

  it('sends nothing that is there already', async () => {
    const file = delivery(Buffer.from('there'));
    const snapshot = { ...parts.entry, type: 'file', bytes: file.bytes };
    const place = {
      ...(look()['place'] as object),
      runs: { [run]: { snapshot, restored: null, aside: null, undone: null, paths: parts.paths } },
    };
    // Room for nothing more: it is there.
    const h = scriptedHost({ answers: { look: [seen({ place, free_bytes: 0 })], do: [[{ line: { ready: false } }, done]] } });

    await h.host.handOver(file, silent);

    expect(h.received()).toEqual([]);
  });

  it('does not begin where there is no room', async () => {
    const h = scriptedHost({ answers: { look: [seen({ free_bytes: 60 * 1_048_576 })] } });

    await expect(h.host.handOver(delivery(Buffer.from('x')), silent)).rejects.toMatchObject({
      code: 'HOST_DISK_FULL',
      message: `/data/etcd on ${where} has 60 MiB free; the snapshot needs 65 MiB.`,
    });
    expect(h.requests().map(({ verb }) => verb)).toEqual(['look']);
  });

  it('ends when the host refuses in the middle', async () => {
    const error = { code: 'HOST_DISK_FULL', message: 'The disk is full.' };
    const refusal: readonly Move[] = [{ line: { ready: true } }, { line: { error } }, { silent: true }];
    const h = scriptedHost([{ answers: { look: [seen()], do: [refusal] } }, { answers: { look: [seen({ free_bytes: 5 })] } }]);

    await expect(h.host.handOver(delivery(randomBytes(8_000_000)), silent)).rejects.toMatchObject({ code: 'HOST_DISK_FULL' });
    // Over another channel: on the old one nobody knows where a request would begin.
    expect(await h.host.freeBytes()).toBe(5);
    expect(h.channels()).toBe(2);
  });

  it.each<[string, readonly Move[], string]>([
    ['says it is done before it has all', [{ line: { ready: true } }, done, { silent: true }], 'HOST_OUTPUT_UNKNOWN'],
    ['says it is done without having asked', [done], 'HOST_OUTPUT_UNKNOWN'],
    ['ends in the middle', [{ line: { ready: true } }, { waitMs: 50 }, { exit: 255 }], 'HOST_UNREACHABLE'],
  ])('fails when the host %s', async (_, moves, code) => {
    const h = scriptedHost({ answers: { look: [seen()], do: [moves] } });

    await expect(h.host.handOver(delivery(randomBytes(8_000_000)), silent)).rejects.toMatchObject({ code });
  });

  it.each(['none', 'zstd'])('says that the file cannot be read here, with the encoding %s', async (encoding) => {
    const h = scriptedHost({ answers: { look: [seen({ zstd: encoding === 'zstd' })], do: [receiving()] } });
    const missing = { localPath: join(scratch(), 'nothing'), bytes: 5, sha256: sha256('x') };

    await expect(h.host.handOver(missing, silent)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('could not be read') as string,
    });
  });

  it('says how far it is, once a second', async () => {
    let nowMs = 0;
    const said: string[] = [];
    const file = delivery(randomBytes(4_194_304));
    const h = scriptedHost({ answers: { look: [seen()], do: [receiving()] } }, { clock: { now: () => new Date((nowMs += 400)) } });

    await h.host.handOver(file, (text) => said.push(text));

    expect(said.length).toBeGreaterThan(0);
    expect(said.every((text) => /^[0-4] of 4 MiB \([0-9]+ %\)$/.test(text))).toBe(true);
  });
});

describe('fetching a file', () => {
  const content = 'the pages of a database '.repeat(200);
  const came = { bytes: content.length, sha256: sha256(content) };
  const fetchWith = async (moves: readonly Move[], toPath = join(scratch(), 'db')) => {
    const h = scriptedHost({ answers: { fetch: [moves] } });
    return { toPath, h, result: await h.host.fetchDatabase(toPath, silent).catch((error: unknown) => error) };
  };

  it('makes the file, whole and for nobody else to read', async () => {
    const { toPath, result, h } = await fetchWith([{ stream: content }, { line: { done: came } }]);

    expect(result).toEqual(came);
    expect(readFileSync(toPath, 'utf8')).toBe(content);
    expect(statSync(toPath).mode & 0o777).toBe(0o600);
    expect(h.requests()[0]).toMatchObject({ verb: 'fetch', arguments: { what: 'database' } });
    expect(h.requests()[0]).not.toHaveProperty('epoch');
  });

  it('takes a backup of API 2 by the run’s name', async () => {
    const h = scriptedHost({ answers: { fetch: [[{ stream: content }, { line: { done: came } }]] } });

    expect(await h.host.v2.fetchBackup(join(scratch(), 'b'), silent)).toEqual(came);
    expect(h.requests()[0]?.['arguments']).toEqual({ what: 'v2-backup', of_run: run });
  });

  it.each<[string, readonly Move[], string, string]>([
    [
      'another hash',
      [{ stream: content }, { line: { done: { ...came, sha256: '0'.repeat(64) } } }],
      'HOST_COMMAND_FAILED',
      'something writes to it',
    ],
    [
      'fewer bytes than were announced',
      [{ stream: content, announced: 9_999 }, { line: { done: came } }],
      'HOST_COMMAND_FAILED',
      'it was cut',
    ],
    [
      'more bytes than were announced',
      [{ stream: content, announced: 10 }, { line: { done: came } }],
      'HOST_OUTPUT_UNKNOWN',
      'more than the 10 bytes',
    ],
    ['a negative block', ['{"id": $id, "stream": {"bytes": 5}}\n-5\nabcde0\n'], 'HOST_OUTPUT_UNKNOWN', 'a block has no size'],
    ['a block in hex', ['{"id": $id, "stream": {"bytes": 5}}\n0x5\nabcde0\n'], 'HOST_OUTPUT_UNKNOWN', 'a block has no size'],
    ['a block that is too large', ['{"id": $id, "stream": {"bytes": 9999999}}\n9999999\n'], 'HOST_OUTPUT_UNKNOWN', 'a block has no size'],
    [
      'a block without an end of its size',
      ['{"id": $id, "stream": {"bytes": 5}}\n', { bytes: 1_000 }],
      'HOST_OUTPUT_UNKNOWN',
      'a block has no size',
    ],
    ['a size beyond all etcds', ['{"id": $id, "stream": {"bytes": 9007199254740991}}\n'], 'HOST_OUTPUT_UNKNOWN', 'more than any etcd has'],
    ['two files', [{ stream: content }, { stream: content }, { line: { done: came } }], 'HOST_OUTPUT_UNKNOWN', 'nobody asked for'],
    ['the end in the middle', ['{"id": $id, "stream": {"bytes": 5}}\n5\nabc', { exit: 255 }], 'HOST_UNREACHABLE', 'the connection broke'],
    [
      'a refusal',
      [{ line: { error: { code: 'HOST_COMMAND_FAILED', message: 'The copy would be torn.' } } }],
      'HOST_COMMAND_FAILED',
      'would be torn',
    ],
    ['no file', [{ line: { done: came } }], 'HOST_COMMAND_FAILED', 'it was cut'],
  ])('leaves no file after %s', async (_, moves, code, because) => {
    const { toPath, result } = await fetchWith(moves);

    expect(result).toMatchObject({ code, message: expect.stringContaining(because) as string });
    expect(existsSync(toPath)).toBe(false);
  });

  it('does not touch a file that is there, nor ask for another', async () => {
    const toPath = join(scratch(), 'db');
    writeFileSync(toPath, 'another');

    const { result, h } = await fetchWith([{ stream: content }, { line: { done: came } }], toPath);

    expect(result).toMatchObject({ code: 'STORE_FAILED' });
    expect(readFileSync(toPath, 'utf8')).toBe('another');
    expect(h.channels()).toBe(0);
  });
});
