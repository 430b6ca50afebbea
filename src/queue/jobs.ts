/** What the jobs on the queues carry, and for how long finished ones are kept. No secrets: BullMQ stores all of it in clear. */
import { z } from 'zod';
import type { KeepJobs } from 'bullmq';
import { ClusterName, RunId } from '../ids.ts';
import type { QueryRequest } from '../engine/runs.ts';
import { AnythingSchema, RequesterSchema } from './journal-schema.ts';
import type { Answer } from '../procedures/answer.ts';
import { retentionMs } from './keys.ts';
import { LostRunSchema } from './marker.ts';
import type { LostRun } from './marker.ts';

/** Checks a question read back from its job. */
export const QueryRequestSchema: z.ZodType<QueryRequest> = z.object({
  verb: z.string(),
  cluster: ClusterName,
  input: AnythingSchema,
  requester: RequesterSchema,
});

/** What came of a question. */
export type Reply =
  | { readonly state: 'answered'; readonly answer: Answer }
  | { readonly state: 'failed'; readonly code: string; readonly because: string; readonly hint: string };

/** A job on the queue `reports`: render a run as it stands now, deliver one answer, or say that a run is lost. */
export type ReportData =
  | { readonly type: 'run'; readonly runId: RunId }
  | { readonly type: 'answer'; readonly queryId: string; readonly query: QueryRequest; readonly reply: Reply }
  | { readonly type: 'loss'; readonly run: LostRun; readonly because: string; readonly hint: string };

const column = z.object({ title: z.string(), align: z.enum(['left', 'right']) });
const AnswerSchema: z.ZodType<Answer> = z.object({
  headline: z.string(),
  parts: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('sentence'), text: z.string() }),
      z.object({ type: z.literal('table'), table: z.object({ columns: z.array(column), rows: z.array(z.array(z.string())) }) }),
      z.object({ type: z.literal('verbatim'), text: z.string() }),
    ]),
  ),
  next: z.string().exactOptional(),
});

/** Checks a reply read back from its job. */
export const ReplySchema: z.ZodType<Reply> = z.discriminatedUnion('state', [
  z.object({ state: z.literal('answered'), answer: AnswerSchema }),
  z.object({ state: z.literal('failed'), code: z.string(), because: z.string(), hint: z.string() }),
]);

/** Checks a report job read back from the queue. */
export const ReportDataSchema: z.ZodType<ReportData> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), runId: RunId }),
  z.object({
    type: z.literal('answer'),
    queryId: z.string(),
    query: QueryRequestSchema,
    reply: ReplySchema,
  }),
  z.object({ type: z.literal('loss'), run: LostRunSchema, because: z.string(), hint: z.string() }),
]);

/** How long a finished run can be looked up. BullMQ counts ages in seconds: https://docs.bullmq.io/guide/queues/auto-removal-of-jobs */
export const keepRuns: KeepJobs = { age: retentionMs / 1000, count: 10_000 };
/** Reports and questions are of no use once done; a day is for whoever looks into a fault. */
export const keepOthers: KeepJobs = { age: 24 * 3600, count: 1_000 };

/** How often a job may be taken over from dead workers. The same everywhere, and far above what can happen: a run must survive any number. */
export const maxStalledCount = 1_000_000;
