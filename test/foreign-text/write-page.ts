/**
 * Writes docs/foreign-text.md: how the time of every function that takes foreign text grows. By hand, because it takes minutes:
 * `node test/foreign-text/write-page.ts`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureAll, ratioMax } from './measure.ts';
import type { Measured } from './measure.ts';
import { registry } from './registry.ts';

const megabyte = 1_048_576;
const path = fileURLToPath(new URL('../../docs/foreign-text.md', import.meta.url));

const measured = measureAll(registry, megabyte);
writeFileSync(path, pageOf(measured));
const slow = measured.filter(({ ratio = 0 }) => ratio > ratioMax);
process.stdout.write(`${measured.length} functions are in ${path}; ${slow.length} of them are slower than a line.\n`);
process.exitCode = slow.length === 0 ? 0 : 1;

function pageOf(rows: readonly Measured[]): string {
  return [
    '# Foreign text',
    '',
    'A value in etcd, a host’s answer, a reason that somebody types: anybody may write a megabyte of anything there. The bot has one thread, so a',
    'pattern that takes seconds for it would stop every run of the process, and its heartbeats. Therefore:',
    '',
    '- What comes in is bounded where it comes in: a line of a host to 256 KiB, a command of a person to 20,000 characters.',
    '- What is shown is cut first and cleaned then, so that cleaning costs no more than what is shown. Where a secret could be cut in two, it is looked for',
    '  first.',
    '- Every pattern goes over a text once: time grows with the length.',
    '',
    'This table shows it for every function that takes such text. Each was given texts that repeat two telling characters or words over and over (letters,',
    'digits, quotes, ends of lines, escape sequences, halves of characters, beginnings of keys and URLs …): all of them at 8 KiB, and those that were slowest',
    'there at 1 MiB and at a quarter of it. The factor is how many times longer twice the text takes: 2 is a line, 4 a square. Functions of less than 50 ms are over',
    'too soon to tell, and a square of 1 MiB would take minutes. Times are of the processor, on the machine that wrote the page.',
    '',
    'Written by `node test/foreign-text/write-page.ts`. `npm test` holds every function to a factor of 3.3 at 64 KiB, and fails when one that takes text is not in the',
    'table; `npm run test:faults` tries every text at 1 MiB on what cleans and conceals (test/foreign-text).',
    '',
    '| function | slowest text | ms for 1 MiB | factor for twice the text |',
    '|---|---|---|---|',
    ...rows.map(
      ({ name, beat, ms, ratio }) => `| ${name} | ${shown(beat)} | ${ms.toFixed(1)} | ${ratio === undefined ? '–' : ratio.toFixed(1)} |`,
    ),
    '',
  ].join('\n');
}

/** Letters as they are; what cannot be seen, or would be Markdown, by its number. */
function shown(beat: string): string {
  const units = beat
    .split('')
    .map((unit) =>
      /[!-_a-z{}~]/.test(unit) && unit !== '|' ? unit : unit === ' ' ? '␠' : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  return `\`${units.join('')}\``;
}
