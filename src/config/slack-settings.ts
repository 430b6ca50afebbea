/** How a process speaks to Slack, from the variables and its roles. */
import { Environment, type Role } from './environment.ts';
import { mistake, type Mistake } from './mistakes.ts';
import type { Secret } from './secret.ts';

/** How Slack's Web API is called, and how Slack reaches the bot. */
export interface SlackSettings {
  readonly botToken: Secret;
  /** Undefined: Slack's own. */
  readonly apiUrl: string | undefined;
  /** Undefined when this process takes no commands. */
  readonly listen:
    | { readonly mode: 'socket'; readonly appToken: Secret }
    | { readonly mode: 'http'; readonly signingSecret: Secret; readonly port: number }
    | undefined;
}

/** Takes the Slack variables together: which are needed depends on the roles. What is set wrongly is reported by the parsing of the whole environment. */
export function slackSettings(
  variables: Readonly<Record<string, unknown>>,
  roles: readonly Role[],
): { settings: SlackSettings | undefined; mistakes: Mistake[] } {
  const isNeeded = roles.includes('bot') || roles.includes('reports');
  // A worker asks Slack one thing, who is in a user group, and can do without when no group is named.
  if (!isNeeded && !(roles.includes('worker') && variables['SLACK_BOT_TOKEN'] !== undefined)) return { settings: undefined, mistakes: [] };
  const { data } = Environment.pick({
    SLACK_BOT_TOKEN: true,
    SLACK_APP_TOKEN: true,
    SLACK_SIGNING_SECRET: true,
    SLACK_API_URL: true,
    PORT: true,
  }).safeParse(variables);
  const isSet = (name: string) => variables[name] !== undefined;
  const mistakes: Mistake[] = [];
  if (!isSet('SLACK_BOT_TOKEN')) mistakes.push(mistake(['SLACK_BOT_TOKEN'], `is not set, and the roles ${roles.join(', ')} need it`));
  if (roles.includes('bot') && !isSet('SLACK_APP_TOKEN') && !isSet('SLACK_SIGNING_SECRET')) {
    mistakes.push(mistake(['SLACK_APP_TOKEN'], 'is not set: set it for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP'));
  }
  if (mistakes.length > 0 || data?.SLACK_BOT_TOKEN === undefined) return { settings: undefined, mistakes };
  const {
    SLACK_BOT_TOKEN: botToken,
    SLACK_API_URL: apiUrl,
    SLACK_APP_TOKEN: appToken,
    SLACK_SIGNING_SECRET: signingSecret,
    PORT: port,
  } = data;
  return { settings: { botToken, apiUrl, listen: roles.includes('bot') ? listening(appToken, signingSecret, port) : undefined }, mistakes };
}

function listening(appToken: Secret | undefined, signingSecret: Secret | undefined, port: number): SlackSettings['listen'] {
  // Slack shows a signing secret for every app, so both may be set: the app token is what asks for Socket Mode.
  if (appToken !== undefined) return { mode: 'socket', appToken };
  return signingSecret === undefined ? undefined : { mode: 'http', signingSecret, port };
}
