/** The end of a run: how it ended, how long it took, and what is left for a person to do. */
import { brokenBy } from '../../engine/break-glass.ts';
import type { RunView } from '../../engine/view.ts';
import { limits } from '../limits.ts';
import { duration, firstLines, truncate } from '../text.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { mention } from './people.ts';
import { bold, chunks, emoji, lines, named, preformatted, prose, rich, words } from './rich.ts';
import { runLabel } from './root.ts';
import { outcomeLooks } from './states.ts';

const conclusionLinesMax = 20;
const titleCharactersMax = 180;
const reasonCharactersMax = 300;

/** Builds the summary. It names who asked, so that they are told. */
export function summaryMessage(view: RunView): Message {
  const { run, outcome = 'failed', conclusion = '', startedAt, endedAt } = view;
  const look = outcomeLooks[outcome];
  const took = startedAt === undefined || endedAt === undefined ? '' : ` in ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
  const [said = [], ...more] = partsOf(conclusion);
  return message(
    `${run.procedure} ${run.cluster}: ${look.word}${took}. ${conclusion}`,
    rich(lines([...emoji(look.emoji), ...bold(`${run.procedure} ${run.cluster}: ${look.word}`), ...words(took)], sentences(said))),
    ...more.flatMap(partBlocks),
    rich(lines(...glassLines(view))),
    context([mention(run.requester.user), countsOf(view), runLabel(view)].filter(Boolean).join('  ·  '), headOf(view)),
  );
}

/** A line that is typed: `etcd01$ systemctl start etcd`. */
const commandLine = /^[A-Za-z0-9][A-Za-z0-9._-]*\$ /;

/** Lines that belong together: sentences first, then commands and sentences by turns. */
function partsOf(conclusion: string): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const line of conclusion.split('\n')) {
    const last = parts.at(-1);
    const isSame = parts.length === 1 && last?.length === 0 ? !isCommand(line) : isCommand(last?.[0]) === isCommand(line);
    if (isSame) last?.push(line);
    else parts.push([line]);
  }
  return parts;
}

function isCommand(line: string | undefined): boolean {
  return line !== undefined && commandLine.test(line);
}

function sentences(part: readonly string[]) {
  return prose(firstLines(part.join('\n'), conclusionLinesMax));
}

/** Commands stand whole and as they are typed: somebody may need each of them. */
function partBlocks(part: readonly string[]) {
  if (!isCommand(part[0])) return [rich(lines(sentences(part)))];
  return chunks(part.join('\n'), limits.richTextCharacters).map((commands) => rich(preformatted(commands)));
}

/** The anchor of the journal outside of Redis: whoever changes the journal there cannot change it here. */
function headOf({ head }: RunView): string {
  return head === undefined ? '' : `Journal: ${head.entries} entries, sha256 \`${head.hash}\``;
}

/** A run that went on by one person's word alone says so at its end. */
function glassLines({ gates }: RunView) {
  return gates.flatMap(({ gate, outcome, decisions }) => {
    const glass = outcome === 'approved' ? brokenBy(decisions) : undefined;
    if (glass === undefined) return [];
    const because = named(
      prose(
        `${glass.by} alone approved “${truncate(gate.title, titleCharactersMax)}”, because: ${truncate(glass.reason ?? '', reasonCharactersMax)}`,
      ),
      [glass.by],
    );
    return [[...bold('Break-glass: '), ...because]];
  });
}

function countsOf({ steps, gates }: RunView): string {
  const done = steps.filter(({ state }) => state === 'done' || state === 'already-true').length;
  const approved = gates.filter(({ outcome }) => outcome === 'approved').length;
  const retried = gates.filter(({ outcome }) => outcome === 'retried').length;
  const parts = [
    steps.length === 0 ? '' : `${done} of ${steps.length} steps done`,
    approved === 0 ? '' : `${approved} approval${approved === 1 ? '' : 's'}`,
    retried === 0 ? '' : `${retried} retr${retried === 1 ? 'y' : 'ies'}`,
  ];
  return parts.filter(Boolean).join(', ');
}
