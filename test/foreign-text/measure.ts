/** How the time of a function grows with the length of what it is given. */
import { beats, textOf } from './texts.ts';

/** Takes foreign text. What it gives, or that it throws a refusal, does not matter here. */
export interface Taker {
  /** Its file below src/ and its name: `engine/shapes.ts withoutShapes`. */
  readonly name: string;
  readonly take: (text: string) => unknown;
}

/** What came of one function. */
export interface Measured {
  readonly name: string;
  /** The slowest text's beat. */
  readonly beat: string;
  /** For the slowest text of the whole length, the best of a few. */
  readonly ms: number;
  /** How many times longer twice the text takes: 2 when time grows with the length, 4 when with its square. Undefined when it is over too soon to tell. */
  readonly ratio: number | undefined;
}

/** Between 2, a line, and 4, a square: the memory of a long text alone can make 3 of a line. */
export const ratioMax = 3.3;

/** Below this a time says more about the machine and its memory than about the function; a square of 64 KiB takes longer whatever it does. */
const floorMs = 50;
const bestOf = 5;
/** What takes this long is measured well enough by fewer looks. */
const enoughMs = 300;
/** At this length every beat is tried: what grows with the square takes a hundred times as long as what does not, and no test waits for it. */
const triedLength = 8_192;
/** The slowest there are tried again, since any of them may have been the machine. */
const againCount = 12;
const wholeCount = 3;

/** Tries every beat on every function, and gives for each the one of the slowest beats with which the time grows most. */
export function measureAll(takers: readonly Taker[], length: number): readonly Measured[] {
  const times = new Map<Taker, Tried[]>(takers.map((taker) => [taker, []]));
  // Function by function for each text, since making the texts costs more than most functions.
  for (const beat of beats) {
    const text = textOf(beat, triedLength);
    for (const [taker, tried] of times) tried.push({ beat, ms: timeOf(taker, text) });
  }
  return [...times].map(([taker, tried]) => measured(taker, tried, length));
}

/** As `measureAll`, with the whole length for every beat. */
export function measureWhole(taker: Taker, length: number): Measured {
  const tried = beats.map((beat): Tried => ({ beat, ms: timeOf(taker, textOf(beat, length)) }));
  return measured(taker, tried, length);
}

interface Tried {
  readonly beat: string;
  readonly ms: number;
}

function measured(taker: Taker, tried: readonly Tried[], length: number): Measured {
  const again = slowestOf(tried, againCount).map(({ beat }) => ({ beat, ms: best(taker, textOf(beat, triedLength)) }));
  const all = slowestOf(again, wholeCount).map(({ beat }) => grown(taker, beat, length));
  return all.reduce((worst, one) => ((one.ratio ?? 0) > (worst.ratio ?? 0) ? one : worst));
}

function slowestOf(tried: readonly Tried[], count: number): readonly Tried[] {
  return tried.toSorted((a, b) => b.ms - a.ms).slice(0, count);
}

/** Of four times the text; per doubling that is its root. Four times tells a square from a line on a machine that has much else to do. */
const times = 4;
/** A ratio that shows something else than a line is looked at again. */
const attempts = 3;

function grown(taker: Taker, beat: string, length: number): Measured {
  let whole = textOf(beat, length);
  // What is hopeless is shown at a length that ends.
  while (whole.length > triedLength && timeOf(taker, whole.slice(0, whole.length / times)) > 1_000)
    whole = whole.slice(0, whole.length / times);
  const part = whole.slice(0, whole.length / times);
  let found = { ms: 0, ratio: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < attempts && found.ratio > ratioMax; attempt += 1) {
    const [partMs, ms] = [best(taker, part), best(taker, whole)];
    const ratio = Math.sqrt(ms / Math.max(partMs, floorMs / times / times));
    if (ratio < found.ratio) found = { ms, ratio };
  }
  return { name: taker.name, beat, ms: found.ms, ratio: found.ms < floorMs ? undefined : found.ratio };
}

function best(taker: Taker, text: string): number {
  let [least, spent] = [Number.POSITIVE_INFINITY, 0];
  for (let look = 0; look < bestOf && spent < enoughMs; look += 1) {
    const ms = timeOf(taker, text);
    spent += ms;
    if (ms < least) least = ms;
  }
  return least;
}

/** The kernel counts a thread's own time in steps of some milliseconds; what is over sooner than a few of them goes by the clock. */
const countedMs = 20;

/** In milliseconds. Of this thread alone where that can be told: what other processes do in the meantime does not count. */
function timeOf({ take }: Taker, text: string): number {
  const cpu = process.threadCpuUsage();
  const began = performance.now();
  try {
    take(text);
  } catch {
    // A refusal is an answer.
  }
  const ms = performance.now() - began;
  const { user, system } = process.threadCpuUsage(cpu);
  return ms < countedMs ? ms : Math.min(ms, Math.max(countedMs, (user + system) / 1_000));
}
