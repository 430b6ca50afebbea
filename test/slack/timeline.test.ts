/** The file at the end of a run. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/engine/view.ts';
import { peopleOf, timeline } from '../../src/slack/timeline.ts';
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

  it('knows everybody it names', () => {
    expect(peopleOf(view, entries)).toEqual(['U0ALICE', 'U0BOB', 'U0CAROL']);
  });
});
