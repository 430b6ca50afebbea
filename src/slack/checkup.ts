/** What Slack says of the bot's token, channels and groups. Asks, and posts nothing. */
import type { WebClient } from '@slack/web-api';
import type { Groups } from '../access/groups.ts';
import type { SlackSeen } from '../checkup/slack.ts';
import { isOpsError } from '../errors.ts';
import { translated } from './errors.ts';

/** Pages of the bot's channels that are read: 200 channels each. */
const pagesMax = 10;

interface SlackLookDeps {
  readonly client: WebClient;
  /** With the app token; undefined when this process has none. */
  readonly app: WebClient | undefined;
  readonly groups: Groups;
  /** Channels as config.yaml names them, and ids of user groups. */
  readonly named: { readonly channels: readonly string[]; readonly groups: readonly string[] };
}

/** Never throws for what Slack refuses: that is what is looked for. */
export async function lookAtSlack({ client, app, groups, named }: SlackLookDeps): Promise<SlackSeen> {
  const bot = await lookAtBot(client);
  if (!bot.answers) return { bot, appToken: undefined, channels: [], groups: [] };
  const [appToken, channels, people] = await Promise.all([
    app === undefined ? undefined : lookAtApp(app),
    lookAtChannels(client, named.channels),
    Promise.all(named.groups.map((id) => lookAtGroup(groups, id))),
  ]);
  return { bot, appToken, channels, groups: people };
}

async function lookAtBot(client: WebClient): Promise<SlackSeen['bot']> {
  try {
    const { team, response_metadata: metadata } = await client.auth.test();
    return { answers: true, team: team ?? 'Slack', scopes: metadata?.scopes };
  } catch (error) {
    return { answers: false, because: inWords(error, 'asking who the bot is') };
  }
}

async function lookAtApp(app: WebClient): Promise<SlackSeen['appToken']> {
  try {
    await app.apps.connections.open();
    return { works: true };
  } catch (error) {
    return { works: false, because: inWords(error, 'opening Socket Mode') };
  }
}

type Channel = SlackSeen['channels'][number];

async function lookAtChannels(client: WebClient, named: readonly string[]): Promise<readonly Channel[]> {
  try {
    const own = await ownChannels(client);
    return await Promise.all(
      named.map(async (name): Promise<Channel> => {
        if (!name.startsWith('#')) return own.some(({ id }) => id === name) ? { named: name, state: 'in it' } : lookAtChannel(client, name);
        const prefix = name.endsWith('*') ? name.slice(1, -1) : undefined;
        const isIn = own.some((channel) => (prefix === undefined ? channel.name === name.slice(1) : channel.name.startsWith(prefix)));
        return { named: name, state: isIn ? 'in it' : 'not in it' };
      }),
    );
  } catch (error) {
    return named.map((name) => ({ named: name, state: 'not known', because: inWords(error, 'asking which channels the bot is in') }));
  }
}

async function ownChannels(client: WebClient): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const found: { id: string; name: string }[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { channels = [], response_metadata: metadata } = await client.users.conversations({
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 200,
      ...(cursor !== undefined && { cursor }),
    });
    for (const { id = '', name = '' } of channels) found.push({ id, name });
    cursor = metadata?.next_cursor;
    if (cursor === undefined || cursor === '') break;
  }
  return found;
}

async function lookAtChannel(client: WebClient, id: string): Promise<Channel> {
  try {
    const { channel } = await client.conversations.info({ channel: id });
    if (channel?.is_archived === true) return { named: id, state: 'archived' };
    return { named: id, state: channel?.is_member === true ? 'in it' : 'not in it' };
  } catch (error) {
    const failure = translated(error, `asking for ${id}`);
    if (isOpsError(failure, 'SLACK_REFUSED') && failure.details['slackError'] === 'channel_not_found')
      return { named: id, state: 'no such channel' };
    return { named: id, state: 'not known', because: inWords(error, `asking for ${id}`) };
  }
}

async function lookAtGroup(groups: Groups, id: string): Promise<SlackSeen['groups'][number]> {
  try {
    const { size } = await groups.membersOf(id);
    return size === 0 ? { named: id, state: 'empty' } : { named: id, state: 'has people', people: size };
  } catch (error) {
    return { named: id, state: 'not known', because: inWords(error, `asking who is in ${id}`) };
  }
}

/** @throws what is no trouble of Slack's */
function inWords(error: unknown, doing: string): string {
  const failure = translated(error, doing);
  if (isOpsError(failure)) return failure.message;
  throw failure;
}
