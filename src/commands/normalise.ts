/** Makes words of what a person typed on a phone or a laptop: spaces, quotes, dashes and Slack's link wrapping as they come. */
import { OpsError } from '../errors.ts';

/** More than this is not a command. A key with its value (8 kB each) fits. */
export const commandCharactersMax = 20_000;

/** No id is longer; what is longer is not looked at closely. */
const idCharactersMax = 200;

const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
/** Zero-width characters, soft hyphens and direction marks: never meant, and a way to make two words look alike. */
const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const isInvisible = new RegExp(invisible.source);
const doubleQuote = /["\u201c-\u201f\u00ab\u00bb]/;
const singleQuote = /['\u2018-\u201b]/;

/**
 * Takes off what Slack puts around links, people and channels, and undoes its escaping.
 * `<@U1|n>` becomes `U1`, `<#C1|n>` `C1`, `<http://x|x>` `x`: https://docs.slack.dev/messaging/formatting-message-text
 */
export function fromSlack(text: string): string {
  return text
    .replaceAll(
      /<([@#!]|(?:https?|mailto|tel|slack|ftp):)([^<>|\n]{0,3000})(?:\|([^<>\n]{0,3000}))?>/gi,
      (whole, sign: string, target: string, label: string | undefined) => {
        if (sign === '@' || sign === '#') return target;
        if (sign === '!') return /^subteam\^(\w+)$/.exec(target)?.[1] ?? `@${label ?? target}`;
        return label ?? whole.slice(1, -1);
      },
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/**
 * Splits a line into words as a shell would, without being one: quotes hold spaces together when they open a word or
 * follow `=`; an apostrophe inside a word is an apostrophe. What stands in quotes is kept as typed.
 * @throws OpsError INPUT_INVALID when a quote is not closed or the line is too long
 */
export function splitWords(line: string): readonly string[] {
  if (line.length > commandCharactersMax) {
    throw new OpsError('INPUT_INVALID', `The command has ${line.length} characters; at most ${commandCharactersMax} are taken.`);
  }
  const words: string[] = [];
  let rest = 0;
  while (rest < line.length) {
    if (space.test(line.charAt(rest))) {
      rest += 1;
      continue;
    }
    const { word, end } = readWord(line, rest);
    rest = end;
    if (word !== undefined) words.push(word);
  }
  return words;
}

function readWord(line: string, start: number): { word: string | undefined; end: number } {
  const parts: string[] = [];
  let quoted = false;
  let bare = '';
  /** The last character that can be seen: a quote opens after nothing, after another quote, and after `=`. */
  let before = '';
  let at = start;
  while (at < line.length && !space.test(line.charAt(at))) {
    const character = line.charAt(at);
    const quote = before === '' || before === '=' ? quoteOf(character) : undefined;
    if (quote === undefined) {
      bare += character;
      if (!isInvisible.test(character)) before = character;
      at += 1;
      continue;
    }
    const { text, end } = readQuoted(line, at, quote);
    parts.push(tidy(bare, parts.length === 0), text);
    bare = '';
    before = '';
    quoted = true;
    at = end;
  }
  parts.push(tidy(bare, parts.length === 0));
  const word = parts.join('');
  return { word: word === '' && !quoted ? undefined : word, end: at };
}

function quoteOf(character: string): RegExp | undefined {
  if (doubleQuote.test(character)) return doubleQuote;
  return singleQuote.test(character) ? singleQuote : undefined;
}

function readQuoted(line: string, start: number, quote: RegExp): { text: string; end: number } {
  const characters: string[] = [];
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (character === '\\' && quote === doubleQuote && (next === '\\' || doubleQuote.test(next))) {
      characters.push(next);
      at += 1;
    } else if (quote.test(character)) {
      return { text: characters.join(''), end: at + 1 };
    } else {
      characters.push(character);
    }
  }
  throw new OpsError('INPUT_INVALID', 'A quote is opened and not closed.');
}

/** What stands outside of quotes: invisible characters go, and a dash a phone has made of `--` becomes `--` again. */
function tidy(bare: string, begins: boolean): string {
  const text = bare.replaceAll(invisible, '').replaceAll(/[\u2010\u2011\u2212]/g, '-');
  return begins ? text.replace(/^[\u2012-\u2015]-?(?=[A-Za-z])/, '--') : text;
}

/** An id as it is meant: without the quotes, code marks and full stops that come along when it is copied or ends a sentence. */
export function bareId(word: string): string {
  if (word.length > idCharactersMax) return word;
  return word.replace(/^[`'"*_(<[]+/, '').replace(/[`'"*_)>\].,;:!?\u2026]+$/, '');
}
