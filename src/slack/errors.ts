/** Slack's errors in our words: what to try again, after how long, and what needs a person. */
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { OpsError } from '../errors.ts';

/** Slack's own codes for a message that is not there any more or cannot be edited. */
const gone: readonly string[] = ['message_not_found', 'cant_update_message', 'edit_window_closed', 'thread_not_found'];
/** Slack's own codes for blocks it does not take. */
const badBlocks: readonly string[] = ['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long', 'msg_too_long'];
/** Slack's own codes for trouble that passes: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const passing: readonly string[] = [
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
];

/** Slack's own codes for a token that it does not know, or knows no more: https://docs.slack.dev/reference/methods/auth.test#errors */
const badTokens: readonly string[] = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'user_removed_from_team',
  'team_disabled',
];

/** The variable whose token a call was made with. */
export type TokenVariable = 'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN';

const hints: Readonly<Record<string, string>> = {
  not_in_channel: 'Invite the bot into the channel: `/invite @etcd-medic`.',
  channel_not_found: 'The bot does not see the channel: invite it there, or correct the channel in config.yaml.',
  is_archived: 'The channel is archived: give the cluster another one in config.yaml.',
  missing_scope: 'Install the app again with the scopes in manifest.yml.',
};

/** Slack's own code of an error, when it gave one. */
function codeOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/** Whether the message to be edited is not there any more. */
export function isGone(error: unknown): boolean {
  return gone.includes(codeOf(error) ?? '');
}

/** Whether Slack does not take the blocks of a message. */
export function isBadBlocks(error: unknown): boolean {
  return badBlocks.includes(codeOf(error) ?? '');
}

/** Makes an OpsError of anything a Slack call throws; what is no Slack error is given back as it is. @param by whose token the call was made with */
export function translated(error: unknown, doing: string, by: TokenVariable = 'SLACK_BOT_TOKEN'): unknown {
  if (error instanceof WebAPIRateLimitedError) {
    return new OpsError('SLACK_RATE_LIMITED', `Slack asks to wait ${error.retryAfter} s before ${doing}.`, {
      details: { retryAfterMs: error.retryAfter * 1000 },
      cause: error,
    });
  }
  if (error instanceof WebAPIRequestError || error instanceof WebAPIHTTPError) {
    return new OpsError('SLACK_UNREACHABLE', `Slack did not answer while ${doing}.`, {
      details: error instanceof WebAPIHTTPError ? { status: error.statusCode } : {},
      cause: error,
    });
  }
  const code = codeOf(error);
  if (code === undefined) return error;
  if (passing.includes(code)) {
    const seconds = error instanceof WebAPIPlatformError ? error.data.response_metadata?.retryAfter : undefined;
    return new OpsError('SLACK_RATE_LIMITED', `Slack could not do it now (${code}) while ${doing}.`, {
      details: { slackError: code, ...(seconds !== undefined && { retryAfterMs: seconds * 1000 }) },
      cause: error,
    });
  }
  if (badTokens.includes(code))
    return new OpsError('SLACK_TOKEN_REFUSED', `Slack does not take ${by} (${code}).`, { details: { slackError: code }, cause: error });
  const hint = hints[code];
  return new OpsError('SLACK_REFUSED', `Slack refused (${code}) while ${doing}.`, {
    details: { slackError: code },
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}
