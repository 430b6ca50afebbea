/** What makes Slack's messages and files of foreign text. */
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { viewOf } from '../../src/engine/view.ts';
import { answerMessage } from '../../src/slack/blocks/answer.ts';
import { confirmView, readConfirmMetadata } from '../../src/slack/blocks/confirm.ts';
import { factsBlock, planBlocks, planText } from '../../src/slack/blocks/covered.ts';
import { context, message, withoutBlocks } from '../../src/slack/blocks/message.ts';
import { withNames } from '../../src/slack/blocks/people.ts';
import { deskAnswerMessage, refusalMessage, replyMessage } from '../../src/slack/blocks/reply.ts';
import * as rich from '../../src/slack/blocks/rich.ts';
import { rootMessage } from '../../src/slack/blocks/root.ts';
import { failureReply, stepReply } from '../../src/slack/blocks/step.ts';
import { summaryMessage } from '../../src/slack/blocks/summary.ts';
import { drawTable } from '../../src/slack/blocks/table.ts';
import { wantedReplies } from '../../src/slack/replies.ts';
import * as text from '../../src/slack/text.ts';
import { timeline } from '../../src/slack/timeline.ts';
import * as lines from '../../src/slack/timeline-text.ts';
import { gate, journalOf, request } from '../slack/fakes.ts';
import { saying } from './entries.ts';
import type { Taker } from './measure.ts';

const run = request();
const ids = ['U0ALICE', 'U0BOB'];
const names = new Map([['U0ALICE', 'alice']]);
const table = (cell: string) => ({ columns: [{ title: 'KEY', align: 'left' as const }], rows: [[cell]] });
const metadata = { cluster: run.cluster, channel: { id: 'C0' }, value: { gateId: 'restore-prod-7f3a9c.1', digest: '' } } as never;
const command = (output: string): ExecutedCommand => ({
  on: 'etcd01',
  argv: ['cat', output],
  changes: true,
  exitCode: 0,
  durationMs: 1,
  output,
  outputBytes: 1,
  outputSha256: '',
});

const ofText: readonly Taker[] = [
  { name: 'slack/text.ts plain', take: text.plain },
  { name: 'slack/text.ts plainWithin', take: (said) => text.plainWithin(said, 3_000) },
  { name: 'slack/text.ts escape', take: text.escape },
  { name: 'slack/text.ts truncate', take: (said) => text.truncate(said, said.length - 1) },
  { name: 'slack/text.ts truncateEscaped', take: (said) => text.truncateEscaped(said, said.length - 1) },
  { name: 'slack/text.ts firstLines', take: (said) => text.firstLines(said, 3) },
  { name: 'slack/text.ts escapeWithin', take: (said) => text.escapeWithin(said, 3_000) },
  { name: 'slack/timeline-text.ts fenced', take: lines.fenced },
  { name: 'slack/timeline-text.ts oneLine', take: lines.oneLine },
  { name: 'slack/timeline-text.ts cell', take: lines.cell },
  { name: 'slack/timeline-text.ts oneParagraph', take: lines.oneParagraph },
];

const ofBlocks: readonly Taker[] = [
  { name: 'slack/blocks/rich.ts words', take: (said) => rich.words(said) },
  { name: 'slack/blocks/rich.ts bold', take: rich.bold },
  { name: 'slack/blocks/rich.ts prose', take: rich.prose },
  { name: 'slack/blocks/rich.ts named', take: (said) => rich.named([{ type: 'text', text: said }], ids) },
  { name: 'slack/blocks/rich.ts preformatted', take: rich.preformatted },
  { name: 'slack/blocks/rich.ts chunks', take: (said) => rich.chunks(said, 2_800) },
  { name: 'slack/blocks/table.ts drawTable', take: (said) => drawTable(table(said), 2_800) },
  { name: 'slack/blocks/people.ts withNames', take: (said) => withNames(said, ids) },
  { name: 'slack/blocks/covered.ts planText', take: (said) => planText([command(said)]) },
  { name: 'slack/blocks/covered.ts planBlocks', take: (said) => planBlocks([command(said)]) },
  { name: 'slack/blocks/covered.ts factsBlock', take: (said) => factsBlock({ revision: said }) },
  {
    name: 'slack/blocks/confirm.ts confirmView',
    take: (said) => confirmView(gate({ title: said, reason: said, facts: { said } }), metadata),
  },
  { name: 'slack/blocks/confirm.ts readConfirmMetadata', take: readConfirmMetadata },
  { name: 'slack/blocks/message.ts message', take: (said) => message(said, rich.rich(rich.lines(rich.prose(said)))) },
  { name: 'slack/blocks/message.ts context', take: (said) => context(said) },
  { name: 'slack/blocks/message.ts withoutBlocks', take: (said) => withoutBlocks(message(said, rich.rich(rich.preformatted(said)))) },
];

const ofMessages: readonly Taker[] = [
  { name: 'slack/blocks/reply.ts refusalMessage', take: (said) => refusalMessage(said, said, ids) },
  {
    name: 'slack/blocks/reply.ts replyMessage',
    take: (said) => replyMessage({ kind: 'refused', code: 'INTERNAL' as never, sentence: said, next: said }, ids),
  },
  {
    name: 'slack/blocks/reply.ts deskAnswerMessage',
    take: (said) => deskAnswerMessage({ headline: said, parts: [{ type: 'sentence', text: said }] }, names),
  },
  {
    name: 'slack/blocks/answer.ts answerMessage',
    take: (said) =>
      answerMessage({
        headline: said,
        parts: [
          { type: 'verbatim', text: said },
          { type: 'table', table: table(said) },
        ],
        next: said,
      }),
  },
  { name: 'slack/blocks/step.ts failureReply', take: (said) => failureReply(said, { because: said, hint: said }) },
  {
    name: 'slack/blocks/step.ts stepReply',
    take: (said) =>
      stepReply(
        'Step',
        { type: 'step-settled', stepId: 's', how: 'done', note: said, durationMs: 1, seq: 0, at: '' },
        [command(said)],
        ids,
      ),
  },
  { name: 'slack/blocks/root.ts rootMessage', take: (said) => rootMessage(viewOf(run, saying(said)), saying(said)) },
  { name: 'slack/blocks/summary.ts summaryMessage', take: (said) => summaryMessage(viewOf(run, saying(said))) },
  {
    name: 'slack/replies.ts wantedReplies',
    take: (said) => {
      const entries = journalOf(saying(said));
      return wantedReplies(viewOf(run, entries), entries, { approvers: ids, operators: [] }, { decisions: [], now: new Date() });
    },
  },
  { name: 'slack/timeline.ts timeline', take: (said) => timeline(viewOf(run, saying(said)), saying(said), names) },
];

export const slackTakers: readonly Taker[] = [...ofText, ...ofBlocks, ...ofMessages];
