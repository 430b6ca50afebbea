/** The head of a timeline: what a post-mortem asks first. Who asked for what, who agreed to which loss on which facts, how long each step took, how it ended. */
import type { Decision } from '../engine/journal.ts';
import type { GateView, RunView, StepView } from '../engine/view.ts';
import { gateLooks, stepLooks } from './blocks/states.ts';
import { duration } from './text.ts';
import { cell, fenced, oneLine, oneParagraph } from './timeline-text.ts';

/** How a person is named in the file. */
export type Who = (user: string) => string;

/** Everything before the entries. */
export function headLines(view: RunView, who: Who): string[] {
  const { run, startedAt, endedAt, head } = view;
  const took = startedAt === undefined || endedAt === undefined ? '' : `, took ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
  return [
    `# ${run.runId}`,
    '',
    `- Procedure: ${run.procedure} on ${run.cluster}${run.mode === 'plan' ? ' (plan only)' : ''}`,
    `- Asked by: ${who(run.requester.user)}, ${run.requester.via === 'terminal' ? 'from a terminal' : 'in Slack'}, ${run.requestedAt}`,
    `- Input: \`${oneLine(JSON.stringify(run.input) ?? '')}\``,
    ...(view.summary === undefined ? [] : [`- Prepared: ${oneLine(view.summary)}`]),
    `- Outcome: ${view.outcome ?? 'not ended'}${took}`,
    ...(head === undefined
      ? []
      : [
          `- Journal: ${head.entries} entries, sha256 ${head.hash}`,
          `- To check it: \`etcd-medic verify-journal ${run.runId} --head ${head.hash}\``,
        ]),
    '',
    ...(view.conclusion === undefined ? [] : [oneParagraph(view.conclusion), '']),
    ...lossLines(view),
    ...decisionLines(view, who),
    ...stepLines(view),
  ];
}

/** What people agreed to lose; what was carried out for it stands in the timeline. */
function lossLines({ gates }: RunView): string[] {
  const accepted = gates.filter(({ gate, outcome }) => outcome === 'approved' && gate.kind === 'approval' && gate.attests === undefined);
  if (accepted.length === 0) return [];
  const lines = accepted.map(({ gate }) => `- ${oneLine(gate.title)}: ${oneLine(gate.reason)}`);
  return ['## Accepted as lost', '', ...lines, ''];
}

function decisionLines({ gates }: RunView, who: Who): string[] {
  if (gates.length === 0) return [];
  return ['## Decisions (UTC)', '', ...gates.flatMap((gate, index) => oneDecision(gate, index, who))];
}

function oneDecision({ gate, outcome, decisions, difference, settledAt }: GateView, index: number, who: Who): string[] {
  const facts = Object.entries(gate.facts).map(([name, value]) => `${name}: ${value}`);
  const settled =
    outcome === undefined ? 'open' : `${gateLooks[outcome].word.toLowerCase()}${settledAt === undefined ? '' : `, ${settledAt}`}`;
  const asked =
    gate.kind === 'approval' ? `${gate.required} ${gate.attests === undefined ? 'approval' : 'attestation'}(s)` : waitedFor[gate.kind];
  return [
    `### ${index + 1}. ${oneLine(gate.title)}: ${settled}`,
    '',
    `- Asked for: ${asked}, from ${gate.openedAt} until ${gate.expiresAt}`,
    ...(gate.attests === undefined ? [] : [`- To be attested: ${oneLine(gate.attests)}`]),
    `- ${reasonWords[gate.kind]}: ${oneLine(gate.reason)}`,
    `- Said: ${decisions.length === 0 ? 'nothing' : decisions.map((one) => saidLine(one, who)).join('; ')}`,
    ...(difference === undefined ? [] : [`- What moved: ${oneLine(difference)}`]),
    ...(facts.length === 0 ? [] : ['- On these facts:', ...fenced(facts.join('\n'))]),
    '',
  ];
}

const waitedFor = { failure: 'Retry or Abort', choice: 'a choice' } as const;
const reasonWords = { approval: 'Lost when approved', failure: 'Because', choice: 'Question' } as const;

function saidLine({ by, verdict, option, at }: Decision, who: Who): string {
  return `${who(by)} ${option === undefined ? verdict : `${verdict} ${oneLine(option)}`}, ${at.slice(0, 19)}`;
}

function stepLines({ steps }: RunView): string[] {
  if (steps.length === 0) return [];
  const rows = steps.map((step, index) => stepRow(step, index));
  return ['## Steps (UTC)', '', '| # | step | how | began | took |', '| --: | --- | --- | --- | --: |', ...rows, ''];
}

function stepRow({ title, state, startedAt, durationMs }: StepView, index: number): string {
  const took = durationMs === undefined ? '' : duration(durationMs);
  return `| ${index + 1} | ${cell(title)} | ${stepLooks[state].word} | ${startedAt?.slice(0, 19) ?? ''} | ${took} |`;
}
