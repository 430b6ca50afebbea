/** Where a run stands, in words and in tables. */
import { standingGlass } from '../engine/break-glass.ts';
import { gateCode } from '../engine/gate-code.ts';
import type { Decision, Gate } from '../engine/journal.ts';
import type { Option } from '../engine/step.ts';
import type { RunView, StepState } from '../engine/view.ts';
import type { Answer, AnswerPart, Table } from '../procedures/answer.ts';

/** `less than a minute`, `12 minutes`, `3 h 5 min`, `2 days` */
export function timeInWords(durationMs: number): string {
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? '' : 's'}`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / (24 * 60))} days`;
}

/** Each state of a step in a word. */
export const stateWords: Readonly<Record<StepState, string>> = {
  pending: 'to do',
  running: 'running',
  waiting: 'waiting',
  done: 'done',
  'already-true': 'was so already',
  declined: 'left out',
  planned: 'planned',
  failed: 'failed',
};

/** Where it stands, without a full stop: `waits for approval at step 6 of 12, “Delete …”`. */
export function standing(view: RunView): string {
  if (view.state === 'ended')
    return view.run.mode === 'plan' && view.outcome === 'planned' ? 'planned; nothing was changed' : (view.outcome ?? 'ended');
  if (view.state === 'queued') return 'waits for a worker';
  const at =
    view.openGate === undefined
      ? view.steps.find(({ state }) => state === 'running')
      : view.steps.find(({ id }) => id === view.openGate?.stepId);
  const place = at === undefined ? '' : ` at step ${view.steps.indexOf(at) + 1} of ${view.steps.length}, “${at.title}”`;
  if (view.openGate === undefined) return `is running${place}`;
  return `${waitsFor(view.openGate)}${place}`;
}

function waitsFor({ kind, attests }: Gate): string {
  if (kind === 'failure') return 'failed and waits for Retry or Abort';
  if (kind === 'choice') return 'waits for a choice';
  return attests === undefined ? 'waits for approval' : 'waits for an attestation';
}

/** The latest runs as a table. */
export function runsAnswer(views: readonly RunView[], now: Date, where: string): Answer {
  if (views.length === 0) return { headline: `There are no runs ${where}.`, parts: [] };
  const live = views.filter(({ state }) => state !== 'ended').length;
  const table: Table = {
    columns: [
      { title: 'RUN', align: 'left' },
      { title: 'AGE', align: 'right' },
      { title: 'BY', align: 'left' },
      { title: 'STANDS', align: 'left' },
    ],
    rows: views.map((view) => [
      view.run.runId,
      timeInWords(now.getTime() - Date.parse(view.run.requestedAt)),
      view.run.requester.user,
      `${standing(view)}${view.run.mode === 'plan' && view.state !== 'ended' ? ' (plan)' : ''}`,
    ]),
  };
  return {
    headline: `${views.length === 1 ? 'The latest run' : `The latest ${views.length} runs`} ${where}; ${live === 0 ? 'none is open' : `${live} ${live === 1 ? 'is' : 'are'} open`}.`,
    parts: [{ type: 'table', table }],
    next: '`show <run>` says more of one.',
  };
}

/** One run: its steps, and what it waits for. */
export function showAnswer(view: RunView, now: Date): Answer {
  const { run } = view;
  const age = timeInWords(now.getTime() - Date.parse(run.requestedAt));
  const table: Table = {
    columns: [
      { title: '#', align: 'right' },
      { title: 'STEP', align: 'left' },
      { title: 'STATE', align: 'left' },
      { title: 'TOOK', align: 'right' },
    ],
    rows: view.steps.map((step, index) => [
      String(index + 1),
      step.title,
      step.progress === undefined ? stateWords[step.state] : `${stateWords[step.state]}: ${step.progress}`,
      step.durationMs === undefined ? '' : `${(step.durationMs / 1000).toFixed(1)} s`,
    ]),
  };
  const parts: AnswerPart[] = [
    { type: 'sentence', text: `${run.requester.user} asked for it ${age} ago.${view.summary === undefined ? '' : ` ${view.summary}.`}` },
    ...(view.steps.length === 0 ? [] : [{ type: 'table' as const, table }]),
    ...(view.openGate === undefined ? [] : gateSentences(view.openGate, now).map((text) => ({ type: 'sentence' as const, text }))),
    ...glassSentences(view).map((text) => ({ type: 'sentence' as const, text })),
    ...(view.conclusion === undefined ? [] : [{ type: 'sentence' as const, text: view.conclusion }]),
  ];
  return {
    headline: `${run.runId} ${standing(view)}.`,
    parts,
    ...(view.openGate !== undefined && { next: nextAtGate(run.runId, view.openGate) }),
  };
}

function gateSentences(gate: Gate, now: Date): readonly string[] {
  const left = timeInWords(Date.parse(gate.expiresAt) - now.getTime());
  if (gate.kind === 'failure') return [`${gate.reason} ${gate.hint ?? ''} It waits ${left} more.`];
  if (gate.kind === 'choice') return [`${gate.reason} It waits ${left} more.`, ...(gate.options ?? []).map(optionInWords)];
  const named = gate.confirm === undefined ? '' : `, with the cluster's name typed,`;
  const needs = `It needs ${gate.required} approval${gate.required === 1 ? '' : 's'}${named} within ${left}.`;
  if (gate.attests === undefined) return [`Lost when approved: ${gate.reason} ${needs}`];
  return [`To be attested: ${gate.attests} ${gate.reason} ${needs}`];
}

/** That somebody has broken the glass, from when on it counts, and how it is cancelled. */
function glassSentences({ run, openGate, gates }: RunView): readonly string[] {
  const glass = standingGlass(gates.find(({ gate }) => gate.gateId === openGate?.gateId)?.said ?? []);
  if (glass === undefined) return [];
  return [
    `${glass.by} broke the glass: “${glass.reason}”. It counts from ${glass.takesEffectAt} on, unless somebody says \`cancel-break-glass ${run.runId}\`.`,
  ];
}

/** `start`: Start what is intact. Nothing is lost. */
function optionInWords({ id, title, detail, possible }: Option): string {
  return `${possible ? `\`${id}\`` : 'Not possible'}: ${title}. ${detail}`;
}

/** How a word is typed so that it names its gate: `reject restore-prod-7f3a9c 7k`; without the run, as in its thread, `reject 7k`. */
export function wordsFor(verdict: Decision['verdict'], { gateId, confirm }: Pick<Gate, 'gateId' | 'confirm'>, run?: string): string {
  const name = verdict === 'approve' || verdict === 'break-glass' ? confirm : undefined;
  return [verdict, run, gateCode(gateId), name].filter((word) => word !== undefined).join(' ');
}

/** What can be typed at a gate. */
export function nextAtGate(run: string, gate: Gate): string {
  const { kind, options = [] } = gate;
  const say = (verdict: Decision['verdict'], option = '') => `\`${`${wordsFor(verdict, gate, run)} ${option}`.trim()}\``;
  if (kind === 'approval') return `${say('approve')} or ${say('reject')}`;
  if (kind === 'failure') return `${say('retry')} or ${say('abort')}`;
  return [...options.filter(({ possible }) => possible).map(({ id }) => say('choose', id)), say('abort')].join(' or ');
}
