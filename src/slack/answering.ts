/** Hands the desk's reply to the person who spoke: seen by that person alone, so that a channel is not filled with refusals. */
import type { WebClient } from '@slack/web-api';
import { peopleIn } from '../commands/reply.ts';
import type { Person, Reply } from '../commands/reply.ts';
import type { Desk } from '../commands/desk.ts';
import type { Cluster } from '../config/schema.ts';
import { isOpsError } from '../errors.ts';
import type { RunId } from '../ids.ts';
import { message } from './blocks/message.ts';
import type { Message } from './blocks/message.ts';
import { deskAnswerMessage, refusalMessage, replyMessage } from './blocks/reply.ts';
import type { ChannelNames } from './channel-names.ts';
import type { Names } from './names.ts';
import { upload, whisper } from './post.ts';
import type { Seen } from './seen.ts';
import type { ThreadState } from './thread-state.ts';
import { timelineFile } from './timeline.ts';

/** What the listeners share. */
export interface ListenerDeps {
  readonly desk: Desk;
  readonly clusters: Readonly<Record<string, Pick<Cluster, 'readers' | 'operators' | 'approvers'>>>;
  readonly state: Pick<ThreadState, 'runAt' | 'get'>;
  readonly names: Names;
  readonly channelNames: ChannelNames;
  readonly client: WebClient;
  readonly seen: Seen;
  /** Asks the outbox to render a run again: live buttons on a settled gate must go. */
  readonly requestRender: (run: RunId) => void;
}

/** The message a reply becomes. */
export async function messageOf(
  { clusters, names }: Pick<ListenerDeps, 'clusters' | 'names'>,
  reply: Exclude<Reply, { kind: 'journal' }>,
  person: Person,
): Promise<Message> {
  if (reply.kind !== 'answer') return replyMessage(reply, [person.user, ...peopleIn(reply), ...idsIn(clusters)]);
  const mentioned = reply.answer.parts.flatMap((part) =>
    part.type === 'table' ? part.table.rows.flat() : part.type === 'sentence' ? part.text.split(/\s/) : [],
  );
  return deskAnswerMessage(reply.answer, await names.of(mentioned.filter((word) => /^[UW][A-Z0-9]{6,20}$/.test(word))));
}

/** Says it to the person, in the thread when it was said in one. */
export async function answer(deps: ListenerDeps, reply: Reply, person: Person, threadTs?: string): Promise<void> {
  const said = reply.kind === 'journal' ? await addJournal(deps, reply) : await messageOf(deps, reply, person);
  await whisper(deps.client, { channel: person.channel.id, ...(threadTs !== undefined && { threadTs }) }, person.user, said);
}

/** A journal is too long for a message: it becomes a file in the run's own thread, whose people may read it. */
async function addJournal(deps: ListenerDeps, { view, entries }: Extract<Reply, { kind: 'journal' }>): Promise<Message> {
  const { runId } = view.run;
  const record = await deps.state.get(runId);
  if (record === undefined)
    return refusalMessage(`${runId} has no thread yet, so its journal cannot be added there.`, 'Try again in a moment.');
  try {
    const file = await timelineFile(deps, view, entries);
    await upload(deps.client, { channel: record.channel, threadTs: record.root.ts }, file);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return refusalMessage(error.message, error.hint);
  }
  const sentence = `The journal of ${runId} as it stands, ${entries.length} entries, was added to its thread as a file.`;
  return message(sentence, { type: 'section', text: { type: 'plain_text', text: sentence } });
}

function idsIn(clusters: ListenerDeps['clusters']): readonly string[] {
  return Object.values(clusters).flatMap(({ readers = [], operators, approvers }) => [...readers, ...operators, ...approvers]);
}
