/** The log: JSON without secrets; in the journal of systemd with priorities. */
import { fstatSync, openSync, closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goesToJournal } from '../../src/config/journal-stream.ts';
import { createConceal } from '../../src/engine/conceal.ts';
import { createLog, lastWords } from '../../src/wiring/log.ts';

const conceal = createConceal(['pa"ss/w0rd+long']);

function logged(inJournal: boolean) {
  const lines: string[] = [];
  const log = createLog({ level: 'trace', conceal, inJournal, destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines };
}

describe('the log', () => {
  it('is one JSON object a line', () => {
    const { log, lines } = logged(false);

    log.warn({ run: 'restore-prod-7f3a9c' }, 'worth a look');

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, run: 'restore-prod-7f3a9c', msg: 'worth a look' });
  });

  it.each([
    ['fatal', 2],
    ['error', 3],
    ['warn', 4],
    ['info', 6],
    ['debug', 7],
    ['trace', 7],
  ] as const)('in the journal has %s as the priority %i', (level, priority) => {
    const { log, lines } = logged(true);

    log[level]({ a: 1 }, 'two\nlines');

    expect(lines[0]).toMatch(new RegExp(`^<${priority}>\\{[^\\n]*\\}\\n$`));
    expect(JSON.parse((lines[0] ?? '').slice(3))).toMatchObject({ msg: 'two\nlines' });
  });

  it('holds no secret, and stays JSON where one was', () => {
    const { log, lines } = logged(false);

    log.error(
      { error: new Error('said pa"ss/w0rd+long'), 'pa"ss/w0rd+long': ['-----BEGIN PRIVATE KEY-----\nabc'], token: { token: 'x' } },
      'm',
    );

    expect(lines[0]).not.toContain('w0rd');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ '[secret]': ['[secret]'], token: { token: '[Redacted]' }, msg: 'm' });
  });

  it('has last words in plain lines, each an error in the journal', () => {
    expect(lastWords('The configuration\n  has \u202Ea mistake\n', { inJournal: true })).toBe('<3>The configuration\n<3>  has a mistake\n');
    expect(lastWords('It ends.', { inJournal: false })).toBe('It ends.\n');
  });
});

describe('whether a stream goes to the journal', () => {
  it('is said by JOURNAL_STREAM, when it names that very stream', () => {
    const descriptor = openSync('/dev/null', 'w');
    const { dev, ino } = fstatSync(descriptor);

    expect(goesToJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino}` })).toBe(true);
    expect(goesToJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino + 1}` })).toBe(false);
    expect(goesToJournal(descriptor, {})).toBe(false);
    closeSync(descriptor);
    expect(goesToJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino}` })).toBe(false);
  });
});
