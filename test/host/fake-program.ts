/**
 * Stands in for etcd-medic-host on the other end of a link: says what its script says, whatever it is asked. A script is the file
 * `script.json` in the directory that is its only argument; what it was asked it adds to `requests.jsonl` there, and its pid to `pids`.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';

/** One thing that it says or does. */
export type Move =
  /** A text as it is; `$id` becomes the id of the request. */
  | string
  /** A line of JSON with the request's id. */
  | { readonly line: Readonly<Record<string, unknown>> }
  /** So many bytes of one letter. */
  | { readonly bytes: number }
  /** Content as blocks, with the line that announces it. */
  | { readonly stream: string; readonly announced?: number }
  /** Takes blocks in and says what came: `{bytes, sha256, blocks}` into `received.json`. */
  | { readonly receive: true; readonly encoding?: 'zstd' }
  | { readonly stderr: string }
  | { readonly exit: number }
  | { readonly waitMs: number }
  /** Until it is killed. */
  | { readonly silent: true };

export interface Script {
  /** Before the first request. */
  readonly hello: readonly Move[];
  /** What follows each request of a verb, in order; the last goes on for ever. */
  readonly answers: Readonly<Record<string, readonly (readonly Move[])[]>>;
}

const dir = process.argv[2] ?? '.';
const script = JSON.parse(readFileSync(join(dir, 'script.json'), 'utf8')) as Script;
const asked = new Map<string, number>();
let held = Buffer.alloc(0);
const input = process.stdin[Symbol.asyncIterator]();

async function more(): Promise<boolean> {
  const next = await input.next();
  if (next.done === true) return false;
  held = Buffer.concat([held, next.value as Buffer]);
  return true;
}

async function line(): Promise<string | undefined> {
  for (;;) {
    const at = held.indexOf('\n');
    if (at !== -1) {
      const text = held.subarray(0, at).toString('utf8');
      held = held.subarray(at + 1);
      return text;
    }
    if (!(await more())) return undefined;
  }
}

function say(text: string | Buffer): void {
  const data = Buffer.from(text);
  for (let at = 0; at < data.length;) {
    try {
      at += writeSync(1, data, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(3);
    }
  }
}

async function receive(encoding: 'zstd' | undefined): Promise<void> {
  const blocks: Buffer[] = [];
  for (;;) {
    const head = await line();
    if (head === undefined) process.exit(4);
    const size = Number(head);
    if (size === 0) break;
    while (held.length < size) if (!(await more())) process.exit(4);
    blocks.push(held.subarray(0, size));
    held = held.subarray(size);
  }
  const wire = Buffer.concat(blocks);
  const content = encoding === 'zstd' ? zstdDecompressSync(wire) : wire;
  const sha256 = createHash('sha256').update(content).digest('hex');
  appendFileSync(
    join(dir, 'received.jsonl'),
    `${JSON.stringify({ bytes: content.length, sha256, wireBytes: wire.length, largest: Math.max(0, ...blocks.map(({ length }) => length)) })}\n`,
  );
}

async function make(move: Move, id: number): Promise<void> {
  if (typeof move === 'string') return say(move.replaceAll('$id', String(id)));
  if ('line' in move) return say(`${JSON.stringify({ id, ...move.line })}\n`);
  if ('bytes' in move) return say(Buffer.alloc(move.bytes, 'x'));
  if ('stream' in move) {
    const content = Buffer.from(move.stream);
    say(`${JSON.stringify({ id, stream: { bytes: move.announced ?? content.length } })}\n`);
    for (let at = 0; at < content.length; at += 1_000) {
      const block = content.subarray(at, at + 1_000);
      say(`${block.length}\n`);
      say(block);
    }
    return say('0\n');
  }
  if ('receive' in move) return await receive(move.encoding);
  if ('stderr' in move) return void writeSync(2, move.stderr);
  if ('exit' in move) process.exit(move.exit);
  if ('waitMs' in move) return await pause(move.waitMs);
  // Whoever asks is to end it.
  setInterval(() => undefined, 60_000);
  await new Promise(() => undefined);
}

appendFileSync(join(dir, 'pids'), `${process.pid}\n`);
for (const move of script.hello) await make(move, 0);
for (;;) {
  const text = await line();
  if (text === undefined) break;
  appendFileSync(join(dir, 'requests.jsonl'), `${text}\n`);
  const { id, verb, arguments: given } = JSON.parse(text) as { id: number; verb: string; arguments: { requests?: { verb: string }[] } };
  // Of several each is answered as it would be alone, by the line that ends its answer.
  if (verb === 'several' && script.answers[verb] === undefined) {
    const all = (given.requests ?? []).map((each) => nextOf(each.verb));
    for (const move of all.flat()) if (!isLine(move)) await make(move, id);
    const answers = all.map((moves) => moves.flatMap((move) => (isLine(move) ? [move.line] : [])).at(-1));
    await make({ line: { done: { answers } } }, id);
    continue;
  }
  for (const move of nextOf(verb)) await make(move, id);
}

function nextOf(verb: string): readonly Move[] {
  const answers = script.answers[verb] ?? [[{ line: { done: null } }]];
  const index = Math.min(asked.get(verb) ?? 0, answers.length - 1);
  asked.set(verb, index + 1);
  return answers[index] ?? [];
}

function isLine(move: Move): move is Extract<Move, { readonly line: unknown }> {
  return typeof move === 'object' && 'line' in move;
}
