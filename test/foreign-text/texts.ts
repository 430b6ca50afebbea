/** Texts made to be slow to look at: two telling characters or words by turns, over and over. */

/** Characters that begin or end something: a word, a URL, a secret, a sequence of a terminal, a piece of markup, a line. */
const characters = [
  ...Array.from('aZ0.:/@-=+_*"\'`\n\r\t \\<>&|[]{,;~$'),
  '\u001B',
  '\u009B',
  '\u009D',
  '\u0007',
  '\u0301',
  '\u200D',
  '\u202E',
  '\u2028',
  '\uFE0F',
  '\uD800',
  '\uDC00',
  '\u{1F600}',
];

/** So many of the characters stand beside words. */
const companions = 20;

/** Words that patterns look for. */
const words = [
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  '-----BEGIN CERTIFICATE-----',
  '-----BEGIN ',
  'PASSWORD=',
  'http://',
  '://a:',
  'xoxb-',
  '\u001B[',
  '\u001B]',
  '<@U1|',
  '<http:',
  '&amp;',
  'sudo: ',
  'No ',
  'account ',
  'DNS:"',
  ' ssh-rsa ',
  'MIIEowIBAAKCAQEA\n',
  '"a":',
  'restore-prod-7f3a9c.',
];

/** Every word alone, every two characters, and every word with every character. */
export const beats: readonly string[] = [
  ...words,
  ...characters.flatMap((one, index) => characters.slice(index).map((other) => (one === other ? one : `${one}${other}`))),
  ...words.flatMap((word) => [...characters.slice(0, companions), '\u001B'].map((character) => `${word}${character}`)),
];

/** A text of so many characters at most, that repeats the beat. In one piece, so that nobody's first look pays for its joining. */
export function textOf(beat: string, length: number): string {
  const text = beat.repeat(Math.max(1, Math.floor(length / beat.length)));
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
