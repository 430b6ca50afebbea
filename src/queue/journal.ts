/**
 * The journal of a run as a Redis stream, written by one worker at a time.
 *
 * Keys: `medic:journal:<runId>` (stream; entry ids `<seq + 1>-0`, fields `event`, `at`, `nonce`, `hash`), `medic:run:<runId>` (`epoch` is
 * read), `medic:unreported` (the run is put there with every append, so that no change goes unreported), and with the events that
 * open and settle gates `medic:gate:<gateId>`: a gate is open exactly from one append to the other.
 *
 * The fence: each take-up of a run raises its epoch, and an append by an older epoch is refused. A worker that has lost its lock
 * (a long pause, a cut network) may still be running; it can write nothing more, so it stops.
 *
 * The chain: each entry carries a hash over the one before (engine/chain.ts). An append names the hash that it goes on from, and is
 * refused unless that is the last entry's, so nobody can write past this worker without its noticing.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { headOf, link, verifyChain } from '../engine/chain.ts';
import type { Head, StoredEntry } from '../engine/chain.ts';
import { OpsError } from '../errors.ts';
import type { Journal, JournalEntry, JournalEvent, RunRequest } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { RunId } from '../ids.ts';
import { JournalEventSchema } from './journal-schema.ts';
import { keys, retentionMs } from './keys.ts';
import { appendLua } from './lua.ts';
import { readStored } from './stored-journal.ts';
import { translated } from './unavailable.ts';

/** The largest event that is kept, in bytes of JSON. */
const maxEventBytes = 256 * 1024;
/** What is left of a command's output when its event would be larger; its full length and hash stay. */
const keptOutputCharacters = 16 * 1024;
/** The most entries a run may have; a run that reaches it goes round in circles. */
const maxEntries = 20_000;

interface WritingDeps {
  /** A connection that waits while Redis is away. */
  readonly records: Redis;
  readonly clock: Clock;
  readonly run: RunRequest;
  /** What the take-up raised the fence to. */
  readonly epoch: number;
  /** How many decisions at a gate this worker has read; undefined when it has not looked. */
  readonly decisionsRead: (gateId: string) => number | undefined;
}

/** A journal that can be written, for one take-up of a run. */
export interface WritableJournal extends Journal {
  /** Why nothing more can be appended; undefined while it can. */
  broken(): Error | undefined;
}

const AppendReply = z.tuple([z.enum(['ok', 'fenced', 'full', 'moved', 'forked']), z.int()]);

/**
 * Opens a run's journal for one take-up. After one failed append every later one fails with the same error: what comes after
 * something unrecorded must not be recorded either.
 * append throws QUEUE_UNAVAILABLE, RUN_TAKEN_OVER (another worker has the run), GATE_MOVED (somebody spoke at the gate since it
 * was read: judge again), JOURNAL_MOVED (its end is not where this worker left it), JOURNAL_INVALID (too large, or unreadable).
 * entries throws JOURNAL_INVALID also when the chain is broken: a run is not carried on from what somebody changed.
 */
export function openJournal(deps: WritingDeps): WritableJournal {
  const { records, clock, run } = deps;
  let broken: Error | undefined;
  let head: Head | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const append = async (event: JournalEvent): Promise<JournalEntry> => {
    if (broken !== undefined) throw broken;
    try {
      head ??= headOf(run, await readStored(records, run.runId));
      const at = clock.now().toISOString();
      const appended = await appendOnce(deps, bounded(event), at, head);
      head = { entries: appended.seq + 1, hash: appended.hash };
      return { ...event, at, ...appended };
    } catch (error) {
      const because = translated(error);
      broken = because instanceof Error ? because : new Error(String(because));
      throw broken;
    }
  };
  return {
    // One after the other: an append that was sent again after a reconnect is known by being the last one.
    append: (event) => {
      const appended = tail.then(() => append(event));
      tail = appended.catch(() => undefined);
      return appended;
    },
    entries: async () => {
      const stored = await readStored(records, run.runId);
      const verdict = verifyChain(run, stored);
      if (verdict.state === 'broken') throw brokenAt(run.runId, verdict);
      head ??= verdict.head;
      return entriesOf(run.runId, stored);
    },
    broken: () => broken,
  };
}

async function appendOnce(
  { records, clock, run, epoch, decisionsRead }: WritingDeps,
  event: JournalEvent,
  at: string,
  head: Head,
): Promise<{ seq: number; hash: string }> {
  const json = JSON.stringify(event);
  if (Buffer.byteLength(json) > maxEventBytes)
    throw tooLarge(run.runId, `an event of type ${event.type} has ${Buffer.byteLength(json)} bytes`);
  const gateId = event.type === 'gate-opened' ? event.gate.gateId : event.type === 'gate-settled' ? event.gateId : '';
  const redisKeys = [keys.journal(run.runId), keys.run(run.runId), keys.unreported, keys.gate(gateId), keys.said(gateId)];
  const common = [
    epoch,
    json,
    at,
    randomUUID(),
    retentionMs,
    event.type === 'run-ended' ? maxEntries + 1 : maxEntries,
    clock.now().getTime(),
    run.runId,
  ];
  const hash = link(head.hash, head.entries, { at, event: json });
  const chain = [head.entries, head.hash, hash];
  const args = [...common, ...gateArguments(event, decisionsRead), ...chain];
  const reply: unknown = await records.eval(appendLua, redisKeys.length, ...redisKeys, ...args);
  const [state, value] = AppendReply.parse(reply);
  switch (state) {
    case 'ok':
      return { seq: value, hash };
    case 'fenced':
      throw new OpsError('RUN_TAKEN_OVER', `Run ${run.runId} was taken over: this worker holds epoch ${epoch}, the run is at ${value}.`);
    case 'moved':
      throw new OpsError('GATE_MOVED', `Somebody spoke at gate ${gateId} while it was being settled.`);
    case 'forked':
      throw new OpsError(
        'JOURNAL_MOVED',
        `The journal of ${run.runId} has ${value} entries and another end than the ${head.entries} that this worker knows: Redis has lost some, or somebody else wrote.`,
      );
    case 'full':
      throw tooLarge(run.runId, `it has ${maxEntries} entries`);
  }
}

function gateArguments(event: JournalEvent, decisionsRead: WritingDeps['decisionsRead']): readonly (string | number)[] {
  if (event.type === 'gate-opened') {
    const { kind, required, expiresAt, confirm = '' } = event.gate;
    return ['open', kind, required, Date.parse(expiresAt), confirm];
  }
  if (event.type === 'gate-settled') return ['settle', event.outcome, decisionsRead(event.gateId) ?? -1];
  return event.type === 'run-ended' ? ['end', event.outcome] : ['none'];
}

function bounded(event: JournalEvent): JournalEvent {
  if (event.type !== 'command' || event.command.output.length <= keptOutputCharacters) return event;
  return { ...event, command: { ...event.command, output: `${event.command.output.slice(0, keptOutputCharacters)}…` } };
}

/** Reads a run's journal, oldest entry first. @throws JOURNAL_INVALID when an entry cannot be believed */
export async function readJournal(redis: Redis, runId: RunId): Promise<readonly JournalEntry[]> {
  return entriesOf(runId, await readStored(redis, runId));
}

function entriesOf(runId: RunId, stored: readonly StoredEntry[]): readonly JournalEntry[] {
  return stored.map((entry, seq) => entryOf(runId, seq, entry));
}

function entryOf(runId: RunId, seq: number, { seq: found, event, at, hash }: StoredEntry): JournalEntry {
  const problem = (because: string, cause?: unknown) =>
    new OpsError('JOURNAL_INVALID', `Entry ${seq} of the journal of ${runId} ${because}.`, { cause });
  if (found !== seq) throw problem(`is missing: the next one is ${found ?? 'not numbered'}`);
  try {
    const read = JournalEventSchema.parse(JSON.parse(event.toString()));
    return { ...read, seq, at: z.iso.datetime().parse(at), ...(hash !== undefined && { hash }) };
  } catch (error) {
    throw problem('is not what a journal holds', error);
  }
}

function brokenAt(runId: RunId, { seq, because }: { readonly seq: number; readonly because: string }): OpsError {
  return new OpsError('JOURNAL_INVALID', `Entry ${seq} of the journal of ${runId} breaks its chain: ${because}.`, {
    hint: `\`verify-journal ${runId}\` says more. Abort the run, finish by hand from the thread, and find out who can write to Redis.`,
  });
}

function tooLarge(runId: RunId, because: string): OpsError {
  return new OpsError('JOURNAL_INVALID', `The journal of ${runId} cannot take more: ${because}.`);
}
