/** Gates: what an approval is bound to, and how what people said is judged. */
import { createHash } from 'node:crypto';
import { mintApproval } from './approval.ts';
import type { Approval } from './approval.ts';
import { brokenBy, judgeGlass, listLookAgainMs } from './break-glass.ts';
import type { Announced } from './break-glass.ts';
import { renderCommand } from './command.ts';
import type { PlannedCommand } from './command.ts';
import type { Decision, Gate } from './journal.ts';
import type { Facts, Offer, Option } from './step.ts';

/** How long after its expiry an approval that was given in time may still be acted on: a worker that died is replaced within this. */
export const lateWorkerGraceMs = 2 * 60_000;

/** What an approval covers: one plan on one set of facts. */
export interface Covered {
  readonly stepId: string;
  readonly plan: readonly PlannedCommand[];
  readonly facts: Facts;
  readonly loses: string;
}

/** sha256 over all that an approval covers; equal exactly when plan and facts are. */
export function digestOf({ stepId, plan, facts, loses }: Covered): string {
  const text = JSON.stringify({ stepId, plan: plan.map(({ on, argv }) => ({ on, argv })), facts: sorted(facts), loses });
  return createHash('sha256').update(text).digest('hex');
}

/** What moved between two states of what an approval covers, in lines a person can read. */
export function differenceOf(before: Omit<Covered, 'stepId' | 'loses'>, now: Omit<Covered, 'stepId' | 'loses'>): string {
  const lines = factsMoved(before.facts, now.facts);
  const planned = new Set(before.plan.map(renderCommand));
  const plans = new Set(now.plan.map(renderCommand));
  for (const line of planned) if (!plans.has(line)) lines.push(`no longer planned: ${line}`);
  for (const line of plans) if (!planned.has(line)) lines.push(`newly planned: ${line}`);
  return lines.length > 0 ? lines.join('\n') : 'the order of the commands, or what is lost';
}

/** sha256 over all that a choice shows. */
export function digestOfOffer(stepId: string, { question, facts, options }: Offer): string {
  const ways = options.map(({ id, title, detail, possible }) => ({ id, title, detail, possible }));
  const text = JSON.stringify({ stepId, question, facts: sorted(facts), ways });
  return createHash('sha256').update(text).digest('hex');
}

/** What moved between two states of a choice, in lines a person can read. */
export function differenceOfOffers(before: Omit<Offer, 'question'>, now: Omit<Offer, 'question'>): string {
  const lines = factsMoved(before.facts, now.facts);
  const were = new Map(before.options.map((option) => [option.id, option]));
  for (const option of now.options) {
    const was = were.get(option.id);
    if (was === undefined) lines.push(`newly offered: ${optionInWords(option)}`);
    else if (optionInWords(was) !== optionInWords(option)) lines.push(`was ${optionInWords(was)}`, `is ${optionInWords(option)}`);
    were.delete(option.id);
  }
  for (const gone of were.values()) lines.push(`no longer offered: ${gone.title}`);
  return lines.length > 0 ? lines.join('\n') : 'the order of the options';
}

function optionInWords({ title, detail, possible }: Option): string {
  return `${possible ? 'possible' : 'not possible'}: ${title}. ${detail}`;
}

function sorted(facts: Facts): readonly (readonly [string, string])[] {
  return Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function factsMoved(before: Facts, now: Facts): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
    const was = before[name] ?? 'not known';
    const is = now[name] ?? 'not known';
    return was === is ? [] : [`${name}: was ${was}, is ${is}`];
  });
}

/** What people's words amount to. */
export type Verdict =
  /** `until`: when something said begins to count. ISO 8601, UTC. */
  | { readonly state: 'pending'; readonly until?: string }
  | { readonly state: 'approved'; readonly by: readonly Decision[] }
  | { readonly state: 'chosen'; readonly option: string; readonly by: readonly Decision[] }
  | { readonly state: 'rejected' | 'retried' | 'aborted'; readonly by: readonly Decision[] }
  | { readonly state: 'expired' };

interface Judging {
  readonly gate: Gate;
  readonly decisions: readonly Decision[];
  readonly now: Date;
  /** Asked for each approver at the moment of acting. */
  readonly mayApprove: (by: Decision['by']) => Promise<boolean>;
  /** At an approval: what the journal has about breaking the glass, and who may. Without it none counts. */
  readonly glass?: { readonly words: readonly Announced[]; readonly mayBreakGlass: (by: Decision['by']) => Promise<boolean> };
}

/**
 * A "no" counts at once; a "yes" counts when enough distinct people who may approve now have said it in time, each with the name typed where the
 * gate asks for one, or when one broke the glass and nobody cancelled it; the first choice counts; silence is no.
 */
export async function judge(judging: Judging): Promise<Verdict> {
  const { gate, decisions, now } = judging;
  const expiresAt = Date.parse(gate.expiresAt);
  const inTime = decisions.filter((decision) => Date.parse(decision.at) < expiresAt);
  const aborts = inTime.filter((decision) => decision.verdict === 'abort');
  if (aborts.length > 0) return { state: 'aborted', by: aborts };
  if (gate.kind === 'failure') {
    const retries = inTime.filter((decision) => decision.verdict === 'retry');
    if (retries.length > 0 && now.getTime() < expiresAt + lateWorkerGraceMs) return { state: 'retried', by: retries.slice(0, 1) };
    return now.getTime() >= expiresAt ? { state: 'expired' } : { state: 'pending' };
  }
  if (gate.kind === 'choice') {
    const possible = new Set(gate.options?.filter((option) => option.possible).map(({ id }) => id));
    const choice = inTime.find(({ verdict, option }) => verdict === 'choose' && option !== undefined && possible.has(option));
    if (choice?.option !== undefined && now.getTime() < expiresAt + lateWorkerGraceMs)
      return { state: 'chosen', option: choice.option, by: [choice] };
    return now.getTime() >= expiresAt ? { state: 'expired' } : { state: 'pending' };
  }
  const rejections = inTime.filter((decision) => decision.verdict === 'reject');
  if (rejections.length > 0) return { state: 'rejected', by: rejections };
  return judgeYes({ ...judging, decisions: inTime });
}

async function judgeYes({ gate, decisions, now, mayApprove, glass }: Judging): Promise<Verdict> {
  const expiresAt = Date.parse(gate.expiresAt);
  const approvals = new Map<string, Decision>();
  const until: string[] = [];
  for (const decision of decisions) {
    if (decision.verdict !== 'approve' || !isTyped(gate, decision) || approvals.has(decision.by)) continue;
    if (await mayApprove(decision.by)) approvals.set(decision.by, decision);
    // Whether that person is off the list or the list could not be read is not known here: it is looked at again.
    else until.push(new Date(now.getTime() + listLookAgainMs).toISOString());
  }
  if (now.getTime() >= expiresAt + lateWorkerGraceMs) return { state: 'expired' };
  if (approvals.size >= gate.required) return { state: 'approved', by: [...approvals.values()] };
  const broken = glass === undefined ? undefined : await judgeGlass({ gate, decisions, now, ...glass });
  if (broken?.state === 'now') return { state: 'approved', by: [...approvals.values(), broken.decision] };
  if (now.getTime() >= expiresAt) return { state: 'expired' };
  if (broken?.state === 'later') until.push(broken.until);
  const [first] = until.toSorted();
  return { state: 'pending', ...(first !== undefined && { until: first }) };
}

/** Whether what the gate asks to be typed was typed. Looked at here too, so that a front that forgot to ask lets nothing through. */
function isTyped({ confirm }: Gate, { typed }: Decision): boolean {
  return confirm === undefined || typed === confirm;
}

/** The proof that a gate was answered with yes, for the step that was approved. */
export function approvalOf(gate: Gate, by: readonly Decision[]): Approval {
  const broken = brokenBy(by);
  return mintApproval({
    gateId: gate.gateId,
    planDigest: gate.digest,
    plan: gate.plan,
    approvedBy: [...new Set(by.map((decision) => decision.by))],
    ...(broken !== undefined && { breakGlass: { by: broken.by, reason: broken.reason ?? '' } }),
  });
}
