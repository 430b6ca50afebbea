import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { answerLines, entryLines } from '../../src/terminal/text.ts';
import { attested, choosing } from '../slack/crossroads.ts';
import { glassCancelled, glassUsed } from '../slack/glass.ts';
import { journalOf } from '../slack/fakes.ts';

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
});

describe('entryLines', () => {
  const told = (events: readonly JournalEvent[]) => journalOf(events).flatMap((entry) => entryLines(entry, (id) => id));

  it('shows the ways of a choice and what to type for each', () => {
    const lines = told(choosing);

    expect(lines.slice(lines.indexOf('03:12:07 Choice needed: Choose how to bring prod back'))).toEqual([
      '03:12:07 Choice needed: Choose how to bring prod back',
      '           Two of three members are down and quorum is lost. Which way back?',
      '           start: Start etcd on etcd02',
      '             Its data is intact: nothing is lost. About a minute.',
      '           survivor: Rebuild from etcd01',
      '             Lost: what etcd02 and etcd03 had and etcd01 had not, 3 revisions at most. About five minutes.',
      '           not possible: Put back a snapshot',
      '             There is no snapshot that passes its check.',
      '           members that answer: etcd01',
      '           data-dirs: etcd01 and etcd02 intact, etcd03 not reachable',
      '           `choose recover-quorum-prod-7f3a9c 2b start`',
      '           `choose recover-quorum-prod-7f3a9c 2b survivor`',
      '           or `abort recover-quorum-prod-7f3a9c 2b`, until 2026-11-22T03:43:00.000Z',
    ]);
  });

  it('shows the steps that follow from a choice, and the sentence that is to be attested', () => {
    const text = told(attested).join('\n');

    expect(text).toContain('chosen by U0ALICE');
    expect(text).toContain(
      [
        '  1. Look at every member and every host',
        '           2. Choose how to bring prod back [needs a choice]',
        '           3. Attest that etcd03 is gone [needs an attestation]',
        '           4. Rebuild from etcd01 [needs approval]',
      ].join('\n'),
    );
    expect(text).toContain('Attestation needed: Attest that etcd03 is gone');
    expect(text).toContain('To be attested: etcd03’s host is switched off and will not come back by itself.');
    expect(text).toContain('`approve recover-quorum-prod-7f3a9c 5n prod` or `reject recover-quorum-prod-7f3a9c 5n`, 2 needed');
  });

  it('shows a break-glass with its reason and how it is cancelled, and that it was what approved', () => {
    const text = told(glassUsed).join('\n');

    expect(text).toContain('Break-glass by U0ALICE: alone on call');
    expect(text).toContain('It counts in 300 s, unless somebody says `cancel-break-glass restore-prod-7f3a9c`.');
    expect(text).toContain('approved by U0ALICE (break-glass: alone on call)');
    expect(told(glassCancelled).join('\n')).toContain('The break-glass is cancelled by U0MALLORY.');
  });

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
