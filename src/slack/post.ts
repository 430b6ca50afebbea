/** Posts, edits and uploads: with a plain-text fallback for blocks that are refused, and with our errors. */
import type { WebClient } from '@slack/web-api';
import type { KnownBlock } from '@slack/types';
import { withoutBlocks } from './blocks/message.ts';
import type { Message } from './blocks/message.ts';
import { isBadBlocks, isGone, translated } from './errors.ts';
import { limits } from './limits.ts';
import { truncate } from './text.ts';

/** Where a message goes. */
interface Place {
  readonly channel: string;
  readonly threadTs?: string;
  /** Shown in the channel too: for what needs a person now. */
  readonly broadcast?: boolean;
}

/** What marks a message as ours, so that a repeat can be recognised. */
interface Mark {
  readonly run: string;
  readonly key: string;
}

/** Posts a message. @returns its channel id and ts. @throws OpsError SLACK_* */
export async function post(
  client: WebClient,
  { channel, threadTs, broadcast = false }: Place,
  message: Message,
  mark?: Mark,
): Promise<{ channel: string; ts: string }> {
  const thread = threadTs === undefined ? {} : { thread_ts: threadTs, reply_broadcast: broadcast };
  const metadata = mark === undefined ? {} : { metadata: { event_type: 'etcd_medic_run', event_payload: { ...mark } } };
  const where = { channel, unfurl_links: false, unfurl_media: false, ...thread, ...metadata };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's method, not a window's
  const answer = await withFallback(message, 'posting a message', (body) => client.chat.postMessage({ ...where, ...body }));
  return { channel: answer.channel ?? channel, ts: answer.ts ?? '' };
}

/** Edits a message. @returns false when it is not there any more. @throws OpsError SLACK_* */
export async function edit(client: WebClient, channel: string, ts: string, message: Message): Promise<boolean> {
  try {
    await withFallback(message, 'editing a message', (body) => client.chat.update({ channel, ts, ...body }), isGone);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Says something to one person. @throws OpsError SLACK_* */
export async function whisper(
  client: WebClient,
  place: Pick<Place, 'channel' | 'threadTs'>,
  user: string,
  message: Message,
): Promise<void> {
  const thread = place.threadTs === undefined ? {} : { thread_ts: place.threadTs };
  await withFallback(message, 'answering a person', (body) =>
    client.chat.postEphemeral({ channel: place.channel, user, ...body, ...thread }),
  );
}

/** A file to be added to a thread. */
export interface TextFile {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** Adds a text file to a thread. https://docs.slack.dev/tools/node-slack-sdk/web-api#upload-a-file @throws OpsError SLACK_* */
export async function upload(
  client: WebClient,
  { channel, threadTs }: { channel: string; threadTs: string },
  file: TextFile,
): Promise<void> {
  try {
    await client.filesUploadV2({
      channel_id: channel,
      thread_ts: threadTs,
      filename: file.name,
      title: truncate(file.title, limits.fileTitleCharacters),
      content: file.text,
      alt_text: truncate(file.title, limits.fileTitleCharacters),
    });
  } catch (error) {
    throw translated(error, 'adding a file');
  }
}

/** What only looks like a link or a mention stays text. `chat.update` would make links of it unless told: https://docs.slack.dev/reference/methods/chat.update */
const asItIs = { parse: 'none', link_names: false } as const;

interface Body {
  text: string;
  blocks: KnownBlock[];
  parse: 'none';
  link_names: false;
}

async function withFallback<T>(
  message: Message,
  doing: string,
  send: (body: Body) => Promise<T>,
  keep: (error: unknown) => boolean = () => false,
): Promise<T> {
  try {
    return await send({ ...asItIs, text: message.text, blocks: [...message.blocks] });
  } catch (error) {
    if (keep(error)) throw error;
    if (!isBadBlocks(error)) throw translated(error, doing);
  }
  try {
    return await send({ ...asItIs, text: withoutBlocks(message), blocks: [] });
  } catch (error) {
    throw keep(error) ? error : translated(error, doing);
  }
}
