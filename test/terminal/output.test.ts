/** What the terminal prints of a run, for people and for programs. */
import { describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import { viewOf } from '../../src/engine/view.ts';
import { createJson } from '../../src/terminal/json.ts';
import { createLines } from '../../src/terminal/output.ts';
import { chained } from '../fakes/chain.ts';
import { journalOf, request } from '../slack/fakes.ts';
import { command, ended } from '../slack/story.ts';
import { saying } from '../foreign-text/entries.ts';

const run = request();
const { entries } = chained(run, journalOf(ended));
const view = viewOf(run, entries);

function collected() {
  const lines: string[] = [];
  return { lines, print: (line: string) => void lines.push(line), complain: (line: string) => void lines.push(`! ${line}`) };
}

describe('the whole journal in a terminal', () => {
  const { lines, ...streams } = collected();
  createLines(streams).journal(view, entries);
  const text = lines.join('\n');

  it('holds every entry with its place, its time and its hash, and the head', () => {
    for (const { seq, at, hash } of entries) {
      expect(text).toContain(`${seq} ${at} `);
      expect(text).toContain(`    sha256 ${hash}`);
    }
    expect(lines.at(-1)).toBe(`Head: ${entries.length} entries, sha256 ${entries.at(-1)?.hash}`);
  });

  it('says of a command how it ended, how long it took and what it answered', () => {
    expect(text).toContain(
      'etcd01$ sudo systemctl stop etcd\n    changes, exit code 0, 180 ms, answered 0 bytes, sha256 of them e3b0c44298fc1c14',
    );
    expect(text).toContain('    | restored snapshot');
  });

  it('says who decided what and when', () => {
    expect(text).toContain('2026-11-22T03:14:00.000Z U0BOB: approve');
  });
});

describe('JSON', () => {
  it('is one object for each entry, with all that the journal holds', () => {
    const { lines, print } = collected();
    const json = createJson({ print });

    for (const entry of entries) json.entry(view, entry);

    expect(lines.map((line) => JSON.parse(line))).toEqual(
      entries.map((entry) => ({
        kind: 'entry',
        run: run.runId,
        ...entry,
        ...(entry.type === 'gate-opened' && { gateCode: gateCode(entry.gate.gateId) }),
      })),
    );
  });

  it('says each other thing as one object of its kind', () => {
    const { lines, print } = collected();
    const json = createJson({ print });

    json.started(run, 's');
    json.answer({ headline: 'h', parts: [], next: 'n' });
    json.receipt({ kind: 'receipt', run: run.runId, counted: true, sentence: 's' });
    json.held({ kind: 'held', by: view, sentence: 's', next: 'n' });
    json.refused({ code: 'NOT_ALLOWED', sentence: 's', next: 'n' });
    json.left(run.runId);
    json.remark('for a person only');

    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual([
      'started',
      'answer',
      'receipt',
      'held',
      'refused',
      'left',
    ]);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
  });

  it('lets no text move the cursor', () => {
    const { lines, print } = collected();
    const entry = { seq: 0, at: '', type: 'command', stepId: 's', command: command('etcd01', ['x'], '\u001B[2J\u009B2J\u007F') } as const;

    createJson({ print }).entry(view, entry);

    expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ command: { output: '\u001B[2J\u009B2J\u007F' } });
  });
});

describe('lines for people', () => {
  const hostile = 'a\u202Eb\u001B[2J\u001B]0;pwned\u0007\u009B2J\u200B\rThe run is completed.\nApproval needed: x\uD800';
  const shown = 'ab\n  The run is completed.\n  Approval needed: x';

  it('move no cursor, turn no direction, and look like no line of ours, whoever wrote them', () => {
    const { lines, ...streams } = collected();
    const output = createLines(streams);

    output.started(run, hostile);
    output.answer({ headline: hostile, parts: [] });
    output.receipt({ kind: 'receipt', run: run.runId, counted: true, sentence: hostile });
    output.remark(hostile);
    output.held({ kind: 'held', by: view, sentence: hostile, next: 'n' });
    output.refused({ code: 'NOT_ALLOWED', sentence: hostile, next: 'n' });

    expect(lines).toEqual([shown, shown, shown, shown, `! ${shown} n`, `! ${shown} n`]);
  });

  it('of a journal, a followed run and a checkup hold nothing that misleads', () => {
    const { lines, ...streams } = collected();
    const output = createLines(streams);
    const said = saying(hostile);

    output.journal(viewOf(run, said), said);
    for (const entry of said) output.entry(viewOf(run, said), entry);
    output.checkup([{ cluster: 'prod', checks: [{ id: 'host', about: 'etcd01', grade: 'wrong', sentence: hostile, cure: hostile }] }]);

    expect(lines.join('\n')).not.toMatch(/(?![\n])[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(lines.join('\n').split('\n')).not.toContain('Approval needed: x');
  });

  it('as JSON are escaped and mean the same', () => {
    const { lines, print } = collected();

    createJson({ print }).refused({ code: 'NOT_ALLOWED', sentence: hostile, next: '\u{E0001}' });

    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ sentence: hostile, next: '\u{E0001}' });
  });
});
