/** On the card of a failed step: what is done and what is not, and the commands with which a person goes on when Retry does not help. */
import type { KnownBlock } from '@slack/types';
import type { PlannedCommand } from '../../engine/command.ts';
import type { Gate } from '../../engine/journal.ts';
import type { RunView, StepView } from '../../engine/view.ts';
import { escape, firstLines } from '../text.ts';
import { planText } from './covered.ts';
import { context } from './message.ts';
import { bold, lines, preformatted, rich } from './rich.ts';

const commandLinesMax = 20;
const commandCharactersMax = 2_500;

/** How the run stands, the step's commands, and the page that explains them. */
export function byHandBlocks({ stepId }: Gate, { run, steps }: RunView): readonly (KnownBlock | undefined)[] {
  const acting = steps.filter(({ kind }) => kind === 'change' || kind === 'destroy');
  const done = acting.filter(isDone).map(({ id }) => id);
  const left = acting.filter((step) => !isDone(step) && step.state !== 'declined').map(({ id }) => id);
  const plan = steps.find(({ id }) => id === stepId)?.plan ?? [];
  const stands = [
    done.length === 0 ? 'Nothing was changed yet.' : `Done: ${done.join(', ')}.`,
    left.length === 0 ? '' : `Not done: ${left.join(', ')}.`,
  ];
  return [
    context(escape(stands.filter(Boolean).join(' '))),
    plan.length === 0
      ? undefined
      : rich(lines(bold('The commands of this step, to go on by hand')), preformatted(firstLines(planText(plan), fitting(plan)))),
    steps.length === 0 ? undefined : context(`By hand: \`docs/runbooks/${escape(run.procedure)}.md\`, under \`${escape(stepId)}\``),
  ];
}

/** How many commands are shown. Each is whole: half of a command that removes a path removes another path. */
function fitting(plan: readonly PlannedCommand[]): number {
  const text = planText(plan.slice(0, commandLinesMax));
  return text.length <= commandCharactersMax ? commandLinesMax : text.slice(0, commandCharactersMax).split('\n').length - 1;
}

function isDone({ state }: Pick<StepView, 'state'>): boolean {
  return state === 'done' || state === 'already-true';
}
