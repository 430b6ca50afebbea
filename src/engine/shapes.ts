/**
 * Finds what looks like a secret, whoever's it is, in text that anybody may have written. Every look is one walk through the text, so the time
 * grows with its length and no faster: a pattern that tries every beginning against every end takes seconds for a quarter of a megabyte.
 */

/** What stands in the place of a secret. */
export const concealed = '[secret]';

/** A piece of a text: from its first character up to, and without, its last. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/** A text without what looks like a secret. For a text that is about to be cut: of a part of a secret its shape may be gone. */
export function withoutShapes(text: string): string {
  return [privateKeys, slackTokens, urlPasswords, namedSecrets].reduce((rest, find) => withoutPieces(rest, find(rest)), text);
}

/** @param pieces in order, none over another */
function withoutPieces(text: string, pieces: readonly Piece[]): string {
  const kept: string[] = [];
  let from = 0;
  for (const { start, end } of pieces) {
    kept.push(text.slice(from, start), concealed);
    from = end;
  }
  return from === 0 ? text : `${kept.join('')}${text.slice(from)}`;
}

/** The first and the last line of a private key: https://www.rfc-editor.org/rfc/rfc7468#section-10, and what OpenSSH and PGP make of it. */
const keyMark = /-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** What the body of a key is written with, its line ends as they are and as JSON has them. */
const inKey = /[A-Za-z0-9+/=\r\n\\]/;
/** An RSA key of 16384 bits has 12,700 characters. */
const longestKeyCharacters = 16_384;

/** Private keys, whole or cut off at either end: without its last line a key is taken to go on to the end of the text. */
function privateKeys(text: string): Piece[] {
  const pieces: Piece[] = [];
  let begun: number | undefined;
  let settled = 0;
  for (const mark of text.matchAll(keyMark)) {
    const end = mark.index + mark[0].length;
    if (mark[1] === 'BEGIN') {
      begun ??= mark.index;
      continue;
    }
    pieces.push({ start: begun ?? beginningOfKey(text, mark.index, settled), end });
    begun = undefined;
    settled = end;
  }
  if (begun !== undefined) pieces.push({ start: begun, end: text.length });
  return pieces;
}

/** Where the lines of a key begin whose first line is not there. */
function beginningOfKey(text: string, end: number, settled: number): number {
  const lowest = Math.max(settled, end - longestKeyCharacters);
  let at = end;
  while (at > lowest && inKey.test(text.charAt(at - 1))) at -= 1;
  // The line ends in front of a key are none of it.
  while (at < end && /[\r\n]/.test(text.charAt(at))) at += 1;
  return at;
}

/** Tokens of Slack: https://docs.slack.dev/authentication/tokens */
function slackTokens(text: string): Piece[] {
  return [...text.matchAll(/\bx(?:ox[a-z]|app)-[A-Za-z0-9-]{8,}/g)].map(({ index, 0: token }) => ({
    start: index,
    end: index + token.length,
  }));
}

const schemeEnd = /[A-Za-z0-9+.-]/;
/** Members have URLs of this kind alone. */
const httpEnd = /https?$/i;
/** The part of a URL between `://` and the path. */
const authority = /[^\s/"`<>]*/y;
/** An address, which is no name of a user, and its port; or any name and a port of etcd. Then nothing, or what ends it in a list or in quotes. */
const hostAndPort =
  /^(?:(?:(?:\d{1,3}\.){3}\d{1,3}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}|[A-Za-z0-9][A-Za-z0-9.-]{0,252}:(?:2379|2380))(?![^,;?#@'])/;

/** Passwords in URLs, `scheme://user:password@host`: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1 */
function urlPasswords(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    if (!schemeEnd.test(text.charAt(at - 1))) continue;
    const start = at + 3;
    authority.lastIndex = start;
    const [whole = ''] = authority.exec(text) ?? [];
    const isMember = httpEnd.test(text.slice(Math.max(0, at - 5), at)) && hostAndPort.test(whole);
    const found = isMember ? undefined : passwordIn(whole);
    if (found !== undefined) pieces.push({ start: start + found.start, end: start + found.end });
    at += whole.length;
  }
  return pieces;
}

/** The password within `user:password@host`; undefined when there is none. */
function passwordIn(whole: string): Piece | undefined {
  const end = whole.lastIndexOf('@');
  const colon = whole.indexOf(':');
  if (colon === -1 || end <= colon + 1) return undefined;
  return { start: colon + 1, end };
}

/** `ETCD_ROOT_PASSWORD=…`, in quotes or not. */
const named = /(?:PASSWORD|PASSWD|PASSPHRASE|SECRET)=(\\?"[^"\n]*"|'[^'\n]*'|[^\s"']+)/g;
/** A variable that is read, a place to fill in: whoever copies it has no secret. */
const placeholder = /^["']?(?:\$[A-Z_][A-Z0-9_]*|\$\{[A-Z_][A-Z0-9_]*\}|<[a-z -]{1,40}>|…)["']?$/;

/** Settings that say of themselves that they are secret. */
function namedSecrets(text: string): Piece[] {
  return [...text.matchAll(named)].flatMap(({ index, 0: whole, 1: value = '' }) => {
    const end = index + whole.length;
    return placeholder.test(value) ? [] : [{ start: end - value.length, end }];
  });
}
