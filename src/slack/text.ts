/** Text that pages nobody and links nothing, whatever it holds. */
import { withoutEscapes } from '../engine/foreign-text.ts';

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Direction overrides can make a command read otherwise than it is. */
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Plain text: without colours, control characters and direction marks. Line ends are `\n`. */
export function plain(text: string): string {
  return withoutEscapes(text.replaceAll(/\r\n?/g, '\n')).replaceAll(controls, '').replaceAll(directions, '');
}

/** Escapes the three characters Slack gives a meaning to: https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escape(text: string): string {
  return escapePlain(plain(text));
}

function escapePlain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Cuts a text to a number of characters and says how many are left out. Never cuts a character in two.
 * @param leftBefore characters that were left out already, counted with these
 */
export function truncate(text: string, max: number, leftBefore = 0): string {
  const whole = text.length + leftBefore;
  if (whole <= max) return text;
  const room = Math.max(0, max - remark(whole).length);
  const kept = text.slice(0, room).replace(/[\ud800-\udbff]$/, '');
  return `${kept}${remark(whole - kept.length)}`.slice(0, max);
}

/** Plain text of at most so many characters: cut first and cleaned then, so that a text of megabytes costs no more than a page. */
export function plainWithin(text: string, max: number): string {
  const { begun, left } = beginning(text, max);
  return truncate(begun, max, left);
}

/** More of a text than is shown, because cleaning makes it shorter; cleaned. */
function beginning(text: string, max: number): { readonly begun: string; readonly left: number } {
  const begun = text.slice(0, 4 * max);
  return { begun: plain(begun), left: text.length - begun.length };
}

/** Cuts text that is escaped already and may hold mentions: never one of them, nor an escape, in two. */
export function truncateEscaped(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, Math.max(0, max - 1)).replace(/(?:<[^<>]*|&[a-z]*|[\ud800-\udbff])$/, '');
  return `${kept}…`;
}

function remark(left: number): string {
  return `… (${left} more characters)`;
}

/** Cuts a text to a number of lines and says how many are left out. */
export function firstLines(text: string, max: number): string {
  const lines = plain(text).trimEnd().split('\n');
  if (lines.length <= max) return lines.join('\n');
  const left = lines.length - max;
  return [...lines.slice(0, max), `… (${left} more line${left === 1 ? '' : 's'})`].join('\n');
}

/** Escapes and cuts, so that what comes out fits although escaping makes it longer. Never cuts an escape in two. */
export function escapeWithin(text: string, max: number): string {
  const { begun, left } = beginning(text, max);
  let room = max;
  for (;;) {
    const escaped = escapePlain(truncate(begun, room, left));
    if (escaped.length <= max) return escaped;
    // The share that fits of what was tried: always smaller, and close after two or three rounds.
    room = Math.min(room - 1, Math.floor((room * max) / escaped.length));
  }
}

/** A moment as each reader's own clock shows it: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function moment(iso: string, format = '{time}'): string {
  return `<!date^${Math.floor(Date.parse(iso) / 1000)}^${format}|${fallbackTime(iso)}>`;
}

/** The same moment in UTC, for what cannot show the reader's zone. */
export function fallbackTime(iso: string): string {
  return `${new Date(iso).toISOString().slice(11, 16)} UTC`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min` */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
