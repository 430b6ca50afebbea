/** The file at the end of a run. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/engine/view.ts';
import { peopleOf, timeline } from '../../src/slack/timeline.ts';
import { chained } from '../fakes/chain.ts';
import { attested, recovery } from './crossroads.ts';
import { journalOf, request } from './fakes.ts';
import { command, ended } from './story.ts';

const entries = journalOf(ended);
const view = viewOf(request(), entries);

describe('timeline', () => {
  it('holds every entry with its time, its commands and who decided', () => {
    const text = timeline(view, entries, new Map([['U0BOB', 'bob']]));

    expect(text).toMatch(/^# restore-prod-7f3a9c\n/);
    expect(text.match(/^- \d\d:\d\d:\d\d\.\d{3} /gm)).toHaveLength(entries.length);
    expect(text).toContain('gate approved by bob (U0BOB) (approve, 03:14:00), U0CAROL (approve, 03:15:00)');
    expect(text).toContain('etcd01$ sudo systemctl stop etcd');
  });

  it('keeps what a host answered inside of its fence', () => {
    const hostileEntries = journalOf([
      ...ended.slice(0, 2),
      { type: 'command', stepId: 'preflight', command: command('etcd01', ['cat', 'x'], '```\n# not a heading\n````') },
    ]);

    expect(timeline(view, hostileEntries, new Map())).toContain('  `````\n  etcd01$ cat x\n  ```\n  # not a heading\n  ````\n  `````');
  });

  it('holds what was chosen and attested, out of what, and by whom', () => {
    const asked = journalOf(attested);
    const text = timeline(
      viewOf(recovery(), asked),
      asked,
      new Map([
        ['U0BOB', 'bob'],
        ['U0ALICE', 'alice'],
      ]),
    );

    expect(text).toContain('waits for a choice until');
    expect(text).toContain('survivor: Rebuild from etcd01. Lost: what etcd02');
    expect(text).toContain('not possible: Put back a snapshot. There is no snapshot that passes its check.');
    expect(text).toContain('gate chosen by alice (U0ALICE) (choose survivor, 03:14:00)');
    expect(text).toContain('Chosen by alice (U0ALICE): Rebuild from etcd01');
    expect(text).toContain('(4 steps from now on)');
    expect(text).toContain('waits for 2 attestation(s) that “etcd03’s host is switched off and will not come back by itself.”');
    expect(text).toContain('Attested by bob (U0BOB) and U0CAROL: etcd03’s host is switched off');
  });

  describe('its head', () => {
    const whole = chained(request(), entries).entries;
    const text = timeline(viewOf(request(), whole), whole, new Map([['U0BOB', 'bob']]));
    const head = text.slice(0, text.indexOf('## Timeline'));

    it('says who asked, how it ended, and the head of the journal with how to check it', () => {
      const hash = whole.at(-1)?.hash;

      expect(head).toContain('- Asked by: U0ALICE, in Slack');
      expect(head).toContain('- Outcome: completed, took');
      expect(head).toContain(`- Journal: ${whole.length} entries, sha256 ${hash}`);
      expect(head).toContain(`verify-journal restore-prod-7f3a9c --head ${hash}`);
    });

    it('says what was accepted as lost, and nothing of what was rejected', () => {
      const losses = head.slice(head.indexOf('## Accepted as lost'), head.indexOf('## Decisions'));

      expect(losses).toContain('all writes after revision 48213: 118 revisions, about 11 minutes.');
      expect(losses).not.toContain('Delete the old data-dirs');
    });

    it('says who agreed to what on which facts', () => {
      const first = head.slice(head.indexOf('### 1.'), head.indexOf('### 2.'));

      expect(first).toMatch(/^### 1\. Stop etcd on 3 hosts .*: approved, 2026-/);
      expect(first).toContain('- Said: bob (U0BOB) approve, 2026-11-22T03:14:00; U0CAROL approve, 2026-11-22T03:15:00');
      expect(first).toContain('  cluster id: cdf818194e3a8c32');
    });

    it('says how long each step took', () => {
      expect(head).toMatch(/\| 4 \| Restore it beside .* \| done \| 2026-11-22T03:12:\d\d \| 5\.9 s \|/);
    });

    it('puts its hash behind each entry, and the day before the first of each', () => {
      expect(text.match(/^ {2}\(entry \d+, sha256 [0-9a-f]{64}\)$/gm)).toHaveLength(whole.length);
      expect(text.match(/^### \d{4}-\d\d-\d\d$/gm)).toEqual(['### 2026-11-22']);
    });
  });

  it('lets no text of a person begin a cell or a line', () => {
    const hostile = journalOf([
      { type: 'run-prepared', prepared: {}, summary: 's\n# no', steps: [{ id: 'a', title: 'a | b\nc', kind: 'check' }] },
    ]);

    const text = timeline(viewOf(request(), hostile), hostile, new Map());

    expect(text).toContain(String.raw`| 1 | a \| b c | to do |`);
    expect(text).not.toMatch(/^# no/m);
  });

  it('knows everybody it names', () => {
    expect(peopleOf(view, entries)).toEqual(['U0ALICE', 'U0BOB', 'U0CAROL']);
  });
});
