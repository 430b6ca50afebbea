import { describe, expect, it } from 'vitest';
import { answerLines, entryLines } from '../../src/terminal/text.ts';

describe('answerLines', () => {
  it('lines a table up, numbers to the right', () => {
    const lines = answerLines({
      headline: 'demo: 3 of 3 voters answer.',
      parts: [
        {
          type: 'table',
          table: {
            columns: [
              { title: 'MEMBER', align: 'left' },
              { title: 'SIZE', align: 'right' },
            ],
            rows: [
              ['etcd01', '20 kB'],
              ['e', '1.2 MB'],
            ],
          },
        },
      ],
      next: 'Nothing to do.',
    });

    expect(lines).toEqual(['demo: 3 of 3 voters answer.', 'MEMBER    SIZE', 'etcd01   20 kB', 'e       1.2 MB', 'Next: Nothing to do.']);
  });

  it('lets no text move the cursor', () => {
    expect(answerLines({ headline: '\u001B[2Jgone\u0007', parts: [] })).toEqual(['gone']);
  });
});

describe('entryLines', () => {
  it('shows what a changing command answered, bounded', () => {
    const output = Array.from({ length: 9 }, (_, line) => `line ${line}`).join('\n');
    const command = {
      on: 'etcd01',
      argv: ['systemctl', 'stop', 'etcd'],
      changes: true,
      exitCode: 1,
      durationMs: 5,
      output,
      outputBytes: 9,
      outputSha256: '',
    };

    const lines = entryLines({ seq: 4, at: '2026-11-22T03:00:01.000Z', type: 'command', stepId: 's', command }, (id) => id);

    expect(lines[0]).toBe('03:00:01   etcd01$ systemctl stop etcd (exit 1)');
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toContain('3 more lines');
  });
});
