/** Writes down what a host has carried out, in order: concealed, and shortened. */
import { createHash } from 'node:crypto';
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import { shorten } from './bounded.ts';
import { recordedOutputBytes } from './limits.ts';
import { typed } from './operation.ts';
import type { Operation } from './operation.ts';
import type { Ended } from './protocol.ts';

interface RecorderDeps {
  readonly member: MemberName;
  readonly record: RecordCommand;
  readonly conceal?: Conceal | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** For one request. */
export interface Recorder {
  began(operation: Operation): void;
  ended(operation: Ended): void;
  /** The answer has ended, well or not: an operation that began and did not end is recorded without an exit code. */
  cut(): void;
  /** A request that reported no operation, as a command of its own: its size and hash only. */
  request(argv: readonly string[], answer: { readonly durationMs: number; readonly bytes: number; readonly sha256: string }): void;
}

export function createRecorder({ member, record, conceal = (text) => text, clock }: RecorderDeps): Recorder {
  const nothing = { output: '', outputBytes: 0, outputSha256: createHash('sha256').digest('hex') };
  let underWay: { readonly operation: Operation; readonly atMs: number } | undefined;
  let hasRecorded = false;
  const cut = () => {
    if (underWay === undefined) return;
    const { operation, atMs } = underWay;
    underWay = undefined;
    hasRecorded = true;
    const durationMs = Math.max(0, clock.now().getTime() - atMs);
    record({ on: member, argv: typed(operation), changes: operation.changes, durationMs, ...nothing });
  };
  return {
    began(operation) {
      cut();
      underWay = { operation, atMs: clock.now().getTime() };
    },
    ended(operation) {
      underWay = undefined;
      hasRecorded = true;
      const { exit, ms, output, bytes, sha256 } = operation;
      const clean = conceal(output);
      record({
        on: member,
        argv: typed(operation),
        changes: operation.changes,
        ...(exit !== null && { exitCode: exit }),
        durationMs: Math.round(ms),
        output: shorten(clean, recordedOutputBytes),
        // The size and hash of what was concealed would confirm a guess at it.
        outputBytes: clean === output ? bytes : Buffer.byteLength(clean),
        outputSha256: clean === output ? sha256 : createHash('sha256').update(clean).digest('hex'),
      });
    },
    cut,
    request(argv, { durationMs, bytes, sha256 }) {
      if (hasRecorded) return;
      record({
        on: member,
        argv,
        changes: false,
        exitCode: 0,
        durationMs: Math.max(0, durationMs),
        output: '',
        outputBytes: bytes,
        outputSha256: sha256,
      });
    },
  };
}
