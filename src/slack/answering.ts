/** Hands the desk's reply to the person who spoke: seen by that person alone, so that a channel is not filled with refusals. */
import type { WebClient } from '@slack/web-api';
import { peopleIn } from '../commands/reply.ts';
import type { Person, Reply } from '../commands/reply.ts';
import type { Desk } from '../commands/desk.ts';
import type { Cluster } from '../config/schema.ts';
import type { RunId } from '../ids.ts';
import { deskAnswerMessage, replyMessage } from './blocks/reply.ts';
import type { Message } from './blocks/message.ts';
import type { ChannelNames } from './channel-names.ts';
import type { Names } from './names.ts';
import { whisper } from './post.ts';
import type { ThreadState } from './thread-state.ts';

/** What the listeners share. */
export interface ListenerDeps {
  readonly desk: Desk;
  readonly clusters: Readonly<Record<string, Pick<Cluster, 'operators' | 'approvers'>>>;
  readonly state: Pick<ThreadState, 'runAt'>;
  readonly names: Names;
  readonly channelNames: ChannelNames;
  readonly client: WebClient;
  /** Asks the outbox to render a run again: live buttons on a settled gate must go. */
  readonly requestRender: (run: RunId) => void;
}

/** The message a reply becomes. */
export async function messageOf(
  { clusters, names }: Pick<ListenerDeps, 'clusters' | 'names'>,
  reply: Reply,
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
  const message = await messageOf(deps, reply, person);
  await whisper(deps.client, { channel: person.channel.id, ...(threadTs !== undefined && { threadTs }) }, person.user, message);
}

function idsIn(clusters: ListenerDeps['clusters']): readonly string[] {
  return Object.values(clusters).flatMap(({ operators, approvers }) => [...operators, ...approvers]);
}
