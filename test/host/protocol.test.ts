/** Lines from a host: parsed whole, or refused whole. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EndOfStream, LineTooLong, createLineReader } from '../../src/host/line-reader.ts';
import { parseLine, spokenVersions, versionWith } from '../../src/host/protocol.ts';

const parse = (value: unknown) => parseLine(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 7);

async function* pieces(chunks: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe('parseLine', () => {
  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseLine(Buffer.from(bytes), 7)));
    fc.assert(fc.property(fc.jsonValue(), (value) => void parse(value)));
    fc.assert(
      fc.property(fc.constantFrom('begins', 'ended', 'progress', 'ready', 'stream', 'error'), fc.jsonValue(), (name, value) => {
        expect(['none', name]).toContain(parse({ id: 7, [name]: value }).kind);
      }),
    );
  });

  it('gives back what was done, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (done) => {
        const text = JSON.stringify(done);
        expect(parse(`{"id": 7, "done": ${text}}`)).toEqual({ kind: 'done', done: JSON.parse(text) as unknown });
      }),
    );
  });

  it.each([
    ['another id', { id: 8, done: null }],
    ['no id', { done: null }],
    ['an id that is a text', { id: '7', done: null }],
    ['two kinds', { id: 7, done: null, error: { code: 'HOST_FENCED', message: 'x' } }],
    ['no kind', { id: 7 }],
    ['an unknown kind', { id: 7, finished: null }],
    ['a kind of all objects', '{"id": 7, "__proto__": null}'],
    ['a kind that objects inherit', { id: 7, constructor: null }],
    ['a list', [7]],
    ['text behind it', '{"id": 7, "done": null} x'],
    ['a size below zero', { id: 7, stream: { bytes: -1 } }],
    ['a size that no number holds', { id: 7, stream: { bytes: 1e300 } }],
    ['a size in parts', { id: 7, progress: { bytes: 0.5 } }],
  ])('refuses a line with %s', (_, value) => {
    expect(parse(value).kind).toBe('none');
  });

  it('refuses what is no UTF-8', () => {
    expect(parseLine(Buffer.from([0x7b, 0xff, 0x7d]), 7).kind).toBe('none');
  });

  it.each([{ id: 0 }, { id: null }, {}])('takes an error of %j for one of the request: the program could not read it', (id) => {
    expect(parse({ ...id, error: { code: 'HOST_PROTOCOL', message: 'What?', hint: null } })).toMatchObject({ kind: 'error' });
  });
});

describe('a reader of lines', () => {
  it('gives the same lines and bytes however they are cut', async () => {
    const line = fc.stringMatching(/^[a-z]{0,20}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, blob, size) => {
          const all = Buffer.concat([Buffer.from(lines.map((each) => `${each}\n`).join('')), Buffer.from(blob), Buffer.from('end\n')]);
          const cut = Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.subarray(index * size, (index + 1) * size));
          const reader = createLineReader(pieces(cut));
          for (const each of lines) expect((await reader.line(20)).toString()).toBe(each);
          const taken: Buffer[] = [];
          await reader.bytes(blob.length, async (chunk) => void taken.push(Buffer.from(chunk)));
          expect(Buffer.concat(taken)).toEqual(Buffer.from(blob));
          expect((await reader.line(20)).toString()).toBe('end');
          await expect(reader.line(20)).rejects.toBeInstanceOf(EndOfStream);
        },
      ),
    );
  });

  it('ends at the bound of a line, however little comes at a time', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        given += 10;
        yield Buffer.alloc(10, 'x');
      }
    }

    await expect(createLineReader(endless()).line(1_000)).rejects.toBeInstanceOf(LineTooLong);
    expect(given).toBeLessThanOrEqual(1_020);
  });
});

describe('the version of the protocol', () => {
  it.each([
    ['bot and host of one release', { newest: 5, oldest: 4 }, { protocol: 5, oldest: 4 }, 5],
    ['the bot first', { newest: 5, oldest: 4 }, { protocol: 4, oldest: 3 }, 4],
    ['the host first', { newest: 4, oldest: 3 }, { protocol: 5, oldest: 4 }, 4],
    ['a host that names no range', { newest: 5, oldest: 4 }, { protocol: 4, oldest: undefined }, 4],
    ['a host two releases behind', { newest: 5, oldest: 4 }, { protocol: 3, oldest: 2 }, undefined],
    ['a host two releases ahead', { newest: 3, oldest: 2 }, { protocol: 5, oldest: 4 }, undefined],
    ['a host that names a range upside down', { newest: 5, oldest: 4 }, { protocol: 4, oldest: 9 }, undefined],
  ])('is the newest that both speak: %s', (_what, bot, host, version) => {
    expect(versionWith(host, bot)).toBe(version);
  });

  it('goes back one release and no further, here and on the host, and is the same in both', () => {
    const program = readFileSync('deploy/host/etcd_medic_host/wire.py', 'utf8');
    const [newest, oldest] = ['PROTOCOL', 'OLDEST'].map((name) => Number(new RegExp(`^${name} = (\\d+)$`, 'm').exec(program)?.[1]));

    expect({ newest, oldest }).toEqual(spokenVersions);
    expect(spokenVersions.oldest).toBe(Math.max(1, spokenVersions.newest - 1));
    expect(readFileSync('docs/host-protocol.md', 'utf8')).toContain(`its protocol, version ${spokenVersions.newest}.`);
  });
});
