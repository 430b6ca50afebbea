/** Requests at random, the same for the same seed: valid ones, valid ones with something changed, JSON, bytes, blocks. */
import { act, ask, run } from './target.ts';

/** Whole numbers below 2^32 (mulberry32). */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const settings = { initial_cluster_state: 'existing', initial_cluster_token: 'x', initial_cluster: 'a=https://198.51.100.1:2380' };
const order = {
  name: 'etcd01',
  peer_url: 'https://198.51.100.1:2380',
  initial_cluster: 'etcd01=https://198.51.100.1:2380',
  initial_cluster_token: 'x',
  bump_revision: '5',
};

/** None of these stops etcd while it is as it is: that it runs on is what is looked at in the end. */
const valid: readonly (() => object)[] = [
  () => ask('look'),
  () => ask('look', { runs: [run], sizes: true }),
  () =>
    ask(
      'several',
      {
        requests: [
          { verb: 'look', arguments: {} },
          { verb: 'plan', arguments: { acts: [{ act: 'swap' }] }, run },
        ],
      },
      { run },
    ),
  () => ask('database', { of: 'restored', of_run: run }),
  () => ask('sha256', { run_file: run }),
  () => ask('settings-before', settings),
  () => ask('reach', { address: '127.0.0.1', port: 22 }),
  () => ask('plan', { acts: [{ act: 'fence' }, { act: 'swap' }, { act: 'settings', ...settings }, { act: 'unmask-start' }] }, { run }),
  () => ask('plan', { acts: [{ act: 'restore', ...order }] }, { run }),
  () => ask('fetch', { what: 'database' }),
  () => ask('v2-inspect', { of_run: run }),
  () => act('receive', { bytes: 40, sha256: 'a'.repeat(64) }),
  () => act('restore', order),
  () => act('swap', {}, { approved: [['mv']] }),
  () => act('put-back', { of_run: run }, { approved: [] }),
  () => act('delete-aside', {}, { approved: [] }),
  () => act('remove-scratch'),
  () => act('remove-scratch', {}, { after: [{ verb: 'look', arguments: { runs: [run] } }] }),
  () => act('remove-restored'),
  () => act('make-data-dir'),
  () => act('v2-unpack'),
];

const strange: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  'x',
  '..',
  '/',
  '../../etc/shadow',
  'a\nb',
  '\0',
  '\u202E',
  '\uD800',
  '%s%n',
  '$(id)',
  '-rf',
  "'",
  '"',
  [],
  [[]],
  {},
  { act: 'stop ' },
  'x'.repeat(5_000),
  `${run}\n`,
  '9'.repeat(400),
  [['rm', '-rf', '/']],
  Array(200).fill(1),
];

/** One request, or what stands in the place of one. */
export function requestOf(random: Random): Buffer {
  const pick = <T>(list: readonly T[]): T => list[random() % list.length] as T;
  // Of many runs: one that came with the highest epoch of all would have the others refused for good.
  const request = JSON.parse(
    JSON.stringify(pick(valid)()).replaceAll(run, `restore-prod-${(random() % 256).toString(16).padStart(6, '0')}`),
  ) as object;
  const text = () => `${JSON.stringify(request)}\n`;
  switch (random() % 16) {
    case 0:
      return Buffer.from(text());
    case 1:
      return bytes(random, 1 + (random() % 300));
    case 2:
      return Buffer.concat([Buffer.from(text()).subarray(0, random() % text().length), Buffer.from('\n')]);
    case 3:
      return flipped(Buffer.from(text()), random);
    case 4:
      return Buffer.from(`${JSON.stringify(pick(strange))}\n`);
    case 5:
      return Buffer.concat([Buffer.from(text()), Buffer.from(`${random() % 60}\n`), bytes(random, random() % 60), Buffer.from('0\n')]);
    case 6:
      return Buffer.from(text().replace(/"(?:x|data|etcd01)"/, JSON.stringify(pick(strange))));
    case 7:
      return Buffer.from(text().replace(/:\d+/, `:${'9'.repeat(1 + (random() % 5_000))}`));
    default:
      return Buffer.from(`${JSON.stringify(changed(request, pick(strange), random))}\n`);
  }
}

/** Something in it, however deep, becomes something else, goes, or comes. */
function changed(value: unknown, other: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random() % 4 === 0) return other;
  if (Array.isArray(value))
    return value.map((each, at) => (at === random() % value.length ? changed(each, other, random) : (each as unknown)));
  const names = Object.keys(value);
  const name = names[random() % (names.length + 1)];
  // Most do reach what they ask for.
  if (name === undefined) return { ...value, [String(other).slice(0, 40)]: other };
  const inner = (value as Record<string, unknown>)[name];
  return random() % 9 === 0
    ? Object.fromEntries(Object.entries(value).filter(([each]) => each !== name))
    : { ...value, [name]: changed(inner, other, random) };
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random() % 256));
}

function flipped(text: Buffer, random: Random): Buffer {
  for (let times = 1 + (random() % 3); times > 0; times -= 1) text[random() % (text.length - 1)] = random() % 256;
  return text;
}
