/**
 * What people say at gates, recorded atomically whether or not a worker looks.
 *
 * Keys: `medic:gate:<gateId>` (hash; written open and settled by the journal's own append, and here `by:<user>`, because the first
 * word of a person counts, `chosen`, because the first choice of anybody does, and `glass` while a break-glass stands), `medic:said:<gateId>` (list, oldest first),
 * `medic:unreported` (the run is put there with every word, so that the card shows it), `medic:abort:<runId>` (string; the first asker counts).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { OpsError } from '../errors.ts';
import type { Decision, GateKind } from '../engine/journal.ts';
import type { Decisions } from '../engine/ports.ts';
import type { DecisionReceipt } from '../engine/runs.ts';
import { RunId } from '../ids.ts';
import { DecisionSchema, GateKindSchema } from './journal-schema.ts';
import { keys, retentionMs } from './keys.ts';
import { decideLua } from './lua.ts';

/** Decisions as one worker reads them, with how many it has read: the journal refuses to settle a gate on fewer than there are. */
export interface CountedDecisions extends Decisions {
  readonly read: (gateId: string) => number | undefined;
}

/** Reads decisions for one take-up of a run. */
export function readDecisions(records: Redis): CountedDecisions {
  const counts = new Map<string, number>();
  return {
    read: (gateId) => counts.get(gateId),
    at: async (gateId) => {
      const said = await records.lrange(keys.said(gateId), 0, -1);
      counts.set(gateId, said.length);
      return said.map((json) => DecisionSchema.parse(JSON.parse(json)));
    },
  };
}

const count = z.coerce.number().int();
const DecideReply = z.union([
  z.tuple([z.literal('unknown')]),
  z.tuple([z.literal('nothing'), RunId]),
  z.tuple([z.literal('closed'), z.string(), RunId]),
  z.tuple([z.literal('unfit'), GateKindSchema]),
  z.tuple([z.literal('untyped'), z.string()]),
  z.tuple([z.literal('repeated'), z.string(), RunId]),
  z.tuple([z.literal('forestalled'), z.string(), RunId]),
  z.tuple([z.literal('recorded'), count, count, RunId]),
]);

const wordsAt: Readonly<Record<GateKind, string>> = {
  approval: 'approve, reject, break-glass, cancel-break-glass or abort',
  failure: 'retry or abort',
  choice: 'choose or abort',
};

/** A receipt, and the run to wake when there is one that may not know of the decision. */
interface Decided {
  readonly receipt: DecisionReceipt;
  readonly runId?: RunId;
}

/** Records what one person says at a gate. @throws INPUT_INVALID when the gate takes no such word, or not without the name typed */
export async function recordDecision(redis: Redis, gateId: string, decision: Decision): Promise<Decided> {
  const json = JSON.stringify(decision);
  const { by, verdict, at, typed = '' } = decision;
  const scriptArguments = [by, json, verdict, Date.parse(at), retentionMs, keys.runPrefix, typed];
  const raw: unknown = await redis.eval(decideLua, 3, keys.gate(gateId), keys.said(gateId), keys.unreported, ...scriptArguments);
  const reply = DecideReply.parse(raw);
  switch (reply[0]) {
    case 'unknown':
      return { receipt: { state: 'closed', how: 'unknown' } };
    case 'nothing':
      return { receipt: { state: 'nothing' }, runId: reply[1] };
    case 'closed':
      return { receipt: { state: 'closed', how: reply[1] } };
    case 'unfit': {
      const words = wordsAt[reply[1]];
      throw new OpsError('INPUT_INVALID', `This gate takes ${words}, not ${verdict}.`);
    }
    case 'untyped':
      throw new OpsError('INPUT_INVALID', `This gate takes ${verdict} only with the cluster's name, ${reply[1]}, typed.`);
    // The wake of the first word may have been lost with a connection, so a repetition wakes too.
    case 'repeated':
      return { receipt: { state: 'repeated', earlier: DecisionSchema.parse(JSON.parse(reply[1])) }, runId: reply[2] };
    case 'forestalled':
      return { receipt: { state: 'forestalled', earlier: DecisionSchema.parse(JSON.parse(reply[1])) }, runId: reply[2] };
    case 'recorded':
      return { receipt: { state: 'recorded', approvals: reply[1], required: reply[2] }, runId: reply[3] };
  }
}

/** Asks for the end of a run. The run looks between two steps; no message is needed, so none can be lost. */
export async function requestAbort(redis: Redis, runId: RunId, decision: Decision): Promise<void> {
  await redis.set(keys.abort(runId), JSON.stringify(decision), 'PX', retentionMs, 'NX');
}

/** Who asked for the end of a run, if anybody did. */
export async function readAbort(redis: Redis, runId: RunId): Promise<Decision | undefined> {
  const json = await redis.get(keys.abort(runId));
  return json === null ? undefined : DecisionSchema.parse(JSON.parse(json));
}
