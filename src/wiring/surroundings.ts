/** What surrounds the bot: its settings, Redis and Slack, asked and judged. */
import type { Groups } from '../access/groups.ts';
import { saying } from '../checkup/check.ts';
import type { Check } from '../checkup/check.ts';
import { redisChecks } from '../checkup/redis.ts';
import type { RedisSeen } from '../checkup/redis.ts';
import { slackChecks } from '../checkup/slack.ts';
import type { Cluster } from '../config/schema.ts';
import type { Secret } from '../config/secret.ts';
import type { Clock } from '../engine/ports.ts';
import { lookAtSlack } from '../slack/checkup.ts';
import { createClients } from '../slack/clients.ts';
import { createGroups } from '../slack/groups.ts';
import { botScopes } from '../slack/surface.ts';

/** The settings as they were read. */
export function settingsChecks(where: string, mistakes: readonly string[], warnings: readonly string[]): readonly Check[] {
  const { good, wrong, worthALook } = saying('settings');
  const found = [
    ...mistakes.map((line) =>
      wrong('config.yaml', line, /^[A-Z_]+: /.test(line) ? 'Correct it in the environment.' : `Correct it in ${where}.`, 'CONFIG_INVALID'),
    ),
    ...warnings.map((line) => worthALook('config.yaml', line)),
  ];
  return found.length > 0 ? found : [good('config.yaml', `${where} and the files that it names are right.`)];
}

/** @param ask undefined when this process does not know where Redis is */
export async function redisSurroundings(ask: (() => Promise<RedisSeen>) | undefined): Promise<readonly Check[]> {
  const { good, wrong, notLookedAt } = saying('Redis');
  if (ask === undefined) return [notLookedAt('redis', 'REDIS_URL is not set here.', 'Run it with the environment of the service.')];
  try {
    const seen = await ask();
    return [good('reachable', 'It answers.'), ...redisChecks(seen)];
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return [
      wrong('reachable', `It does not answer: ${because.replace(/\.$/, '')}.`, 'Start it, and check REDIS_URL.', 'QUEUE_UNAVAILABLE'),
    ];
  }
}

interface SlackSettingsSeen {
  readonly botToken: Secret;
  readonly appToken: Secret | undefined;
  readonly apiUrl: string | undefined;
}

/** @param slack undefined when this process has no token */
export async function slackSurroundings(
  slack: SlackSettingsSeen | undefined,
  { channels, readers = [], operators, approvers, approvals }: Cluster,
  clock: Pick<Clock, 'now'>,
): Promise<readonly Check[]> {
  if (slack === undefined)
    return [saying('Slack').notLookedAt('slack', 'SLACK_BOT_TOKEN is not set here.', 'Run it with the environment of the service.')];
  const { botToken, appToken, apiUrl } = slack;
  const at = apiUrl === undefined ? {} : { slackApiUrl: apiUrl };
  const { arrival: client } = createClients({ token: botToken.reveal(), ...at });
  const groups: Groups = createGroups({ client, clock });
  const ids = [...readers, ...operators, ...approvers, ...(approvals.breakGlass?.people ?? [])].filter((id) => id.startsWith('S'));
  const seen = await lookAtSlack({
    client,
    app: appToken === undefined ? undefined : createClients({ token: appToken.reveal(), ...at }).arrival,
    groups,
    named: { channels, groups: [...new Set(ids)] },
  });
  return slackChecks(seen, Object.keys(botScopes));
}
