/** The shape of a journal entry as it stands in Redis: what is read back is checked before it is believed. */
import { z } from 'zod';
import type { JournalEvent, RunRequest } from '../engine/journal.ts';
import { ClusterName, RunId, UserId } from '../ids.ts';

const PlannedCommand = z.object({ on: z.string(), argv: z.array(z.string()) });
const plan = z.array(PlannedCommand);
const at = z.iso.datetime();

/** Anything that went through JSON, where nothing at all comes back as an absent key. */
export const AnythingSchema = z
  .unknown()
  .optional()
  .transform((value): unknown => value);

const ExecutedCommand = PlannedCommand.extend({
  changes: z.boolean(),
  exitCode: z.int().exactOptional(),
  durationMs: z.number(),
  output: z.string(),
  outputBytes: z.int(),
  outputSha256: z.string(),
});

/** What one person said at a gate. */
export const DecisionSchema = z.object({
  verdict: z.enum(['approve', 'reject', 'retry', 'abort', 'choose', 'break-glass', 'cancel-break-glass']),
  option: z.string().exactOptional(),
  typed: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  delayMs: z.int().positive().exactOptional(),
  by: UserId,
  at,
});

/** Why a run waits for a person. */
export const GateKindSchema = z.enum(['approval', 'failure', 'choice']);

const Gate = z.object({
  gateId: z.string(),
  kind: GateKindSchema,
  stepId: z.string(),
  title: z.string(),
  plan,
  facts: z.record(z.string(), z.string()),
  reason: z.string(),
  hint: z.string().exactOptional(),
  otherwise: z.string().exactOptional(),
  options: z.array(z.object({ id: z.string(), title: z.string(), detail: z.string(), possible: z.boolean() })).exactOptional(),
  attests: z.string().exactOptional(),
  digest: z.string(),
  required: z.int().nonnegative(),
  confirm: ClusterName.exactOptional(),
  openedAt: at,
  expiresAt: at,
});

const kind = z.enum(['check', 'change', 'destroy', 'choose', 'attest']);
const steps = z.array(z.object({ id: z.string(), title: z.string(), kind }));
const stepId = z.string();

/** One thing that happened in a run. */
export const JournalEventSchema: z.ZodType<JournalEvent> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-prepared'),
    prepared: AnythingSchema,
    steps,
    summary: z.string(),
  }),
  z.object({ type: z.literal('step-started'), stepId, plan, gateId: z.string().exactOptional() }),
  z.object({ type: z.literal('step-resumed'), stepId }),
  z.object({ type: z.literal('command'), stepId, command: ExecutedCommand }),
  z.object({
    type: z.literal('step-settled'),
    stepId,
    how: z.enum(['done', 'already-true', 'declined', 'planned']),
    note: z.string().exactOptional(),
    plan: plan.exactOptional(),
    chosen: z.object({ option: z.string(), steps }).exactOptional(),
    stops: z.literal(true).exactOptional(),
    durationMs: z.number(),
  }),
  z.object({ type: z.literal('step-failed'), stepId, code: z.string(), because: z.string(), hint: z.string() }),
  z.object({ type: z.literal('gate-opened'), gate: Gate }),
  z.object({ type: z.literal('gate-said'), gateId: z.string(), decision: DecisionSchema }),
  z.object({
    type: z.literal('gate-settled'),
    gateId: z.string(),
    outcome: z.enum(['approved', 'chosen', 'rejected', 'expired', 'voided', 'retried', 'aborted']),
    decisions: z.array(DecisionSchema),
    difference: z.string().exactOptional(),
  }),
  z.object({
    type: z.literal('run-ended'),
    outcome: z.enum(['completed', 'aborted', 'rejected', 'expired', 'planned', 'failed']),
    summary: z.string(),
  }),
]);

/** Who asked, from where. */
export const RequesterSchema = z.object({ user: UserId, channel: z.string(), via: z.enum(['slack', 'terminal']) });

/** What a run was asked to do, as it stands in its job. */
export const RunRequestSchema: z.ZodType<RunRequest> = z.object({
  runId: RunId,
  procedure: z.string(),
  cluster: ClusterName,
  input: AnythingSchema,
  requester: RequesterSchema,
  mode: z.enum(['execute', 'plan']),
  requestedAt: at,
});
