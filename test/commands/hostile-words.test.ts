/** Whatever is typed: it is understood or refused with a sentence, starts only what it names, and what is meant can be said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareId, fromSlack, splitWords } from '../../src/commands/normalise.ts';
import { parseCommand } from '../../src/commands/parse.ts';
import type { Command } from '../../src/commands/parse.ts';
import { deskWords } from '../../src/commands/words.ts';
import { isOpsError } from '../../src/errors.ts';
import { RunId } from '../../src/ids.ts';
import { verbs } from '../../src/procedures/index.ts';
import { waiting } from '../slack/story.ts';
import { hostile } from '../slack/within-limits.ts';
import { open } from './open-desk.ts';
import { clusters } from './verbs.ts';

const grammar = { verbs, clusters };
const words = [...verbs, ...deskWords].map(({ id }) => id);
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words, 'prod', 'staging', 'etcd01', 'restore-prod-7f3a9c') },
  { weight: 2, arbitrary: fc.constantFrom('--plan', '--snapshot', 'latest', '--from', '--', '-', '—plan', '"', "'", '“', '”', '\\', '=') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '--__proto__', '<@U0BOB>', '<!channel>', '&lt;', '\u0000'),
  },
  { weight: 1, arbitrary: hostile.map((text) => text.slice(0, 200)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);
const line = fc.array(piece, { maxLength: 7 }).chain((pieces) => fc.constantFrom(' ', '\u00a0', '\n', '').map((gap) => pieces.join(gap)));

/** What a line means; undefined when it is refused. Anything but a refusal in words is thrown. */
function meaningOf(text: string): Command | undefined {
  try {
    return parseCommand(fromSlack(text), grammar);
  } catch (error) {
    if (!isOpsError(error, 'INPUT_INVALID')) throw error;
    expect(error.message.length).toBeGreaterThan(0);
    expect(error.message.length).toBeLessThan(1_500);
    return undefined;
  }
}

describe('any line', () => {
  it('is understood, or refused with a sentence', () => {
    fc.assert(
      fc.property(line, (text) => {
        meaningOf(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('acts only when its first word is the verb and the next that is no option a cluster of ours', () => {
    fc.assert(
      fc.property(line, (text) => {
        const meaning = meaningOf(text);
        if (meaning === undefined || !('verb' in meaning) || meaning.kind === 'help') return;
        const [first = ''] = splitWords(fromSlack(text));
        expect(bareId(first).toLowerCase()).toBe(typeof meaning.verb === 'string' ? meaning.verb : meaning.verb?.id);
        if (meaning.kind === 'run' || meaning.kind === 'query') expect(Object.keys(clusters)).toContain(meaning.cluster);
      }),
      { numRuns: 2_000 },
    );
  });

  it('with --plan among its words never acts', () => {
    fc.assert(
      fc.property(fc.constantFrom(...verbs), fc.array(piece, { maxLength: 4 }), fc.nat(), ({ id }, rest, at) => {
        const tail = ['prod', ...rest.filter((word) => !/["'“”„«»‘’‚‛‟=]|--/.test(word))];
        tail.splice(1 + (at % tail.length), 0, '--plan');
        const meaning = meaningOf([id, ...tail].join(' '));
        if (meaning?.kind === 'run') expect(meaning.mode).toBe('plan');
      }),
      { numRuns: 1_000 },
    );
  });

  it('said by somebody on no list starts, decides and ends nothing', async () => {
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        const { desk, runs } = open(waiting);
        const mallory = { user: 'U0MALLORY', channel: { id: 'C0INCIDENT', name: 'inc-etcd' }, team: 'T0HOME', via: 'slack' } as never;

        expect(
          await desk.take({ words: fromSlack(text), prefix: '/etcd', run: RunId.parse('restore-prod-7f3a9c') }, mallory),
        ).toHaveProperty('kind');
        // Anybody in the channel may ask something, and may take back a break-glass.
        const isHarmless = ({ method, args }: (typeof runs.calls)[number]) =>
          method === 'ask' || (args[1] as { verdict?: string } | undefined)?.verdict === 'cancel-break-glass';
        expect(runs.calls.filter((call) => !isHarmless(call))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is meant', () => {
  /** As a person quotes it, and as Slack then sends it. */
  const quoted = (text: string) => `"${text.replaceAll(/[\\"\u201c-\u201f\u00ab\u00bb]/g, (quote) => `\\${quote}`)}"`;
  const viaSlack = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const value = fc.oneof(
    hostile.map((text) => text.slice(0, 500)),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  it('comes out of quotes as it went in, through Slack’s escaping and back', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const text = values.map(quoted).join(' ');

        expect(splitWords(text)).toEqual(values);
        expect(splitWords(fromSlack(viaSlack(text)))).toEqual(values);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the key and the value of a put, to the last character', () => {
    fc.assert(
      fc.property(value, value, (key, text) => {
        fc.pre(key !== '' && !key.startsWith('-') && !text.startsWith('-'));

        expect(parseCommand(`put prod ${quoted(key)} ${quoted(text)}`, grammar)).toMatchObject({
          kind: 'run',
          input: { key, value: text },
        });
        expect(parseCommand(`put prod -- ${quoted(key)} ${quoted(text)}`, grammar)).toMatchObject({ input: { key, value: text } });
      }),
      { numRuns: 500 },
    );
  });
});
