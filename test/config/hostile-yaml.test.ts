/** Whatever stands in config.yaml and the environment: a configuration or a list of mistakes, never a crash, and never a secret in it. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isOpsError } from '../../src/errors.ts';
import { hostile } from '../slack/within-limits.ts';
import { configFolder } from './example.ts';
import type { RawConfig } from './example.ts';

/** Of the form of each variable, so that it is wrong for no reason of its own. */
const secrets = {
  REDIS_URL: 'redis://:planted-redis-4d1f@127.0.0.1:6379/0',
  SLACK_BOT_TOKEN: 'xoxb-planted-bot-4d1f',
  SLACK_APP_TOKEN: 'xapp-planted-app-4d1f',
  SLACK_SIGNING_SECRET: 'planted-signing-4d1f',
  PROD_ETCD_PASSWORD: 'planted-etcd-4d1f',
};

/** Pieces of YAML, right and wrong. */
const yaml = [
  ...'clusters:|prod:|- |: |{|}|[|]|&a |*a|!tag |!!js/function |"|\'|<<: *a|? |#'.split('|'),
  '\n',
  '\n  ',
  '|\n',
  '>\n',
  '---\n',
  '...\n',
  '%YAML 9.9\n',
  '\t',
  '\u0000',
  '\ufeff',
  '\ud83d',
];
/** Where the parser may take a secret for a name of its own and quote it in a complaint. */
const quotedSecrets = ['*', '!', '&', '"'].map((sign) => `${sign}${secrets.PROD_ETCD_PASSWORD}`);

type Folder = Awaited<ReturnType<typeof configFolder>>;

/** The lines that a load gives; anything thrown that is no list of mistakes is thrown on. */
function linesOf(load: () => { readonly warnings: readonly string[] }): readonly string[] {
  try {
    return load().warnings;
  } catch (error) {
    if (!isOpsError(error, 'CONFIG_INVALID')) throw error;
    const mistakes = error.details['mistakes'] as readonly string[];
    expect(mistakes.length).toBeGreaterThan(0);
    expect(mistakes.filter((one) => one.trim() === '')).toEqual([]);
    return [...mistakes, error.hint];
  }
}

const noSecret = (lines: readonly string[]): void => {
  expect(lines.join('\n')).not.toContain('planted');
};

const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', '30m', 'U0ALICE', '#inc-*', '/data/etcd/data', 'https://10.0.0.1:2379', [], {}),
  fc.constantFrom(...Object.values(secrets)),
  hostile.map((text) => text.slice(0, 200)),
);
const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.object({ maxDepth: 3, withBigInt: false }) },
);

/** Every place of a value, as the keys that lead to it. */
function placesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => placesOf(child, [...path, key]))];
}

function put(config: RawConfig, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const holder = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, config);
  holder[last] = value;
  return config;
}

const load = (folder: Folder, text: string, more: Record<string, string | undefined> = {}) =>
  linesOf(() => folder.load(text, { ...secrets, ...more }));

describe('config.yaml', () => {
  it('with anything in any place gives a configuration or a list of mistakes, without secrets', async () => {
    await using folder = await configFolder();
    const places = placesOf(folder.config());

    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (place, value) => {
        noSecret(load(folder, stringify(put(folder.config(), place, value))));
      }),
      { numRuns: 400 },
    );
  });

  it('with a key more in any place does too', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    const places = placesOf(config).filter(
      (path) => typeof path.reduce<unknown>((at, key) => Reflect.get(Object(at), key), config) === 'object',
    );

    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.constantFrom('__proto__', 'constructor', 'channels', 'x', '<<', '0'),
        anything,
        (place, key, value) => {
          noSecret(load(folder, stringify(put(folder.config(), [...place, key], value))));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of any text does too', async () => {
    await using folder = await configFolder();
    const token = fc.oneof(fc.constantFrom(...yaml, ...quotedSecrets), fc.string({ unit: 'binary', maxLength: 12 }));

    fc.assert(
      fc.property(fc.array(token, { maxLength: 25 }), (tokens) => {
        // A key that is wrong is named, whatever it is: else nobody would find it.
        noSecret(load(folder, tokens.join('')).map((line) => line.replace(/^.*?(?=: (?:unknown key|a cluster name|a member name))/s, '')));
      }),
      { numRuns: 500 },
    );
  });

  it('that is no text at all, or grows without end, gives mistakes', async () => {
    await using folder = await configFolder();
    const laughs = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`),
    ];

    expect(load(folder, `${laughs.join('\n')}\n`).length).toBeGreaterThan(0);
    writeFileSync(`${folder.path}/bytes.yaml`, Buffer.from(Array.from({ length: 4_096 }, (_, index) => index % 256)));
    expect(load(folder, '', { ETCD_MEDIC_CONFIG: `${folder.path}/bytes.yaml` }).length).toBeGreaterThan(0);
    expect(load(folder, '', { ETCD_MEDIC_CONFIG: folder.path }).length).toBeGreaterThan(0);
    expect(load(folder, '['.repeat(5_000)).length).toBeGreaterThan(0);
  });
});

describe('the environment', () => {
  it('with anything in any variable gives a configuration or a list of mistakes, without secrets', async () => {
    await using folder = await configFolder();
    const text = stringify(folder.config());
    const names = ['REDIS_URL', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_API_URL', 'PORT', 'LOG_LEVEL'];

    fc.assert(
      fc.property(
        fc.constantFrom(...names, 'ETCD_MEDIC_ROLES', 'ETCD_MEDIC_HTTP_PORT'),
        fc.oneof(fc.constantFrom(...Object.values(secrets)), hostile),
        (name, value) => {
          noSecret(load(folder, text, { [name]: value }));
        },
      ),
      { numRuns: 300 },
    );
  });
});
