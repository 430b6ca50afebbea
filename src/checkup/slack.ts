/** Whether Slack is ready to carry a recovery: token, scopes, channels and groups. */
import { list, plural } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** A thing of Slack's that config.yaml names. */
export type Named<State> = { readonly named: string } & (
  | { readonly state: State }
  | { readonly state: 'not known'; readonly because: string }
);

/** What Slack says. */
export interface SlackSeen {
  readonly bot:
    | { readonly answers: true; readonly team: string; readonly scopes: readonly string[] | undefined }
    | { readonly answers: false; readonly because: string };
  /** The app token of Socket Mode; undefined when this process has none. */
  readonly appToken: { readonly works: true } | { readonly works: false; readonly because: string } | undefined;
  readonly channels: readonly Named<'in it' | 'not in it' | 'archived' | 'no such channel'>[];
  readonly groups: readonly (Named<'has people' | 'empty'> & { readonly people?: number })[];
}

/** @param wanted the scopes of manifest.yml */
export function slackChecks({ bot, appToken, channels, groups }: SlackSeen, wanted: readonly string[]): readonly Check[] {
  const { good, wrong, notLookedAt } = saying('Slack');
  if (!bot.answers)
    return [wrong('token', bot.because, 'Set SLACK_BOT_TOKEN to the token of the installed app, and let this machine reach slack.com.')];
  const missing = bot.scopes === undefined ? [] : wanted.filter((scope) => bot.scopes?.includes(scope) !== true);
  return [
    good('token', `The bot is in ${bot.team}.`),
    bot.scopes === undefined
      ? notLookedAt('scopes', 'Slack did not say which scopes the token has.')
      : missing.length > 0
        ? wrong('scopes', `The token lacks ${list(missing)}.`, 'Install the app again with the scopes in manifest.yml.')
        : good('scopes', 'The token has the scopes of manifest.yml.'),
    appToken === undefined
      ? notLookedAt('app token', 'This process has no SLACK_APP_TOKEN.')
      : appToken.works
        ? good('app token', 'Socket Mode can be opened.')
        : wrong('app token', appToken.because, 'Set SLACK_APP_TOKEN to an app-level token with connections:write.'),
    ...channels.map(channelCheck),
    ...groups.map(groupCheck),
  ];
}

function channelCheck(channel: SlackSeen['channels'][number]): Check {
  const { good, wrong, worthALook, notLookedAt } = saying('Slack');
  const { named } = channel;
  switch (channel.state) {
    case 'in it':
      return good('channels', `The bot is in ${named}.`);
    case 'not in it':
      // Channels of incidents come and go.
      return named.endsWith('*')
        ? worthALook('channels', `The bot is in no channel ${named} now.`, 'Invite it when there is one: `/invite @etcd-medic`.')
        : wrong('channels', `The bot is not in ${named}.`, 'Invite it there: `/invite @etcd-medic`.');
    case 'archived':
      return wrong('channels', `${named} is archived.`, 'Give the cluster another channel in config.yaml.');
    case 'no such channel':
      return wrong('channels', `There is no channel ${named} that the bot can see.`, 'Correct it in config.yaml, or invite the bot there.');
    case 'not known':
      return notLookedAt('channels', `${named}: ${channel.because}`);
  }
}

function groupCheck(group: SlackSeen['groups'][number]): Check {
  const { good, wrong, notLookedAt } = saying('Slack');
  if (group.state === 'not known') return notLookedAt('groups', `${group.named}: ${group.because}`);
  return group.state === 'empty'
    ? wrong('groups', `Nobody is in the user group ${group.named}.`, 'Put people into it, or name them in config.yaml.')
    : good('groups', `${plural(group.people ?? 1, 'person').replace('persons', 'people')} in the user group ${group.named}.`);
}
