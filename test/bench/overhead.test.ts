/** What the bot adds to its commands. */
import { describe, expect, it } from 'vitest';
import type { Gate, JournalEntry, JournalEvent } from '../../src/engine/journal.ts';
import { addedMs, firstRemoteCommandAt, stepIntervals } from './overhead.ts';

const begin = Date.parse('2026-11-22T10:00:00.000Z');

function journal(...events: readonly (readonly [atMs: number, event: JournalEvent])[]): readonly JournalEntry[] {
  return events.map(([atMs, event], seq) => ({ ...event, seq, at: new Date(begin + atMs).toISOString() }));
}

function command(on: string, durationMs: number, argv: readonly string[] = ['true']): JournalEvent {
  const answered = { exitCode: 0, output: '', outputBytes: 0, outputSha256: '' };
  return { type: 'command', stepId: 'start', command: { on, argv, changes: true, durationMs, ...answered } };
}

describe('addedMs', () => {
  it('takes commands off, those of hosts at the same time once, and the wait at a gate', () => {
    const entries = journal(
      [300, command('etcd01', 200)],
      [350, command('etcd02', 250)],
      [400, { type: 'gate-opened', gate: { gateId: 'restore-demo-000000.1' } as Gate }],
      [900, { type: 'gate-settled', gateId: 'restore-demo-000000.1', outcome: 'approved', decisions: [] }],
    );

    // The commands ran from 100 to 350, the gate from 400 to 900.
    expect(addedMs(entries, { from: begin, to: begin + 1_000 })).toBe(250);
  });

  it('sets the commands of one session one after the other, though they are recorded together', () => {
    const entries = journal([500, command('etcd01', 100)], [501, command('etcd01', 200)], [501, command('etcd02', 50)]);

    expect(addedMs(entries, { from: begin, to: begin + 501 })).toBe(201);
  });

  it('takes a wait for etcd off, too, as far as it is no command', () => {
    const entries = journal(
      [100, { type: 'step-started', stepId: 'start', plan: [] }],
      [300, command('etcd01', 200)],
      [700, { type: 'step-settled', stepId: 'start', how: 'done', durationMs: 600 }],
    );

    expect(addedMs(entries, { from: begin, to: begin + 1_000 }, stepIntervals(entries, ['start', 'never-began']))).toBe(400);
  });
});

describe('firstRemoteCommandAt', () => {
  it('passes over what runs on the machine of the bot, but not over a call to a member', () => {
    const entries = journal(
      [100, command('bot', 50, ['etcdctl', 'snapshot', 'status', 'file'])],
      [300, command('bot', 120, ['etcdctl', '--endpoints', 'https://etcd01:2379', 'put', 'a', 'b'])],
      [400, command('etcd01', 10)],
    );

    expect(firstRemoteCommandAt(entries)).toBe(begin + 180);
  });
});
