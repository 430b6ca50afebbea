/** The two ways to Slack: one for what must arrive, one for edits that may be dropped. Neither ever waits long or tries again by itself. */
import { LogLevel, WebClient } from '@slack/web-api';
import type { Logger } from '@slack/web-api';

/** No answer within this and the call has failed; the outbox tries again. */
export const arrivalTimeoutMs = 10_000;
/** An edit that shows progress is soon followed by another. */
export const progressTimeoutMs = 3_000;

/** Two clients, so that a slow or limited edit never holds up a gate card. */
export interface Clients {
  readonly arrival: WebClient;
  readonly progress: WebClient;
}

interface ClientOptions {
  readonly token: string;
  /** Slack's address, with a slash at its end; another one in tests. */
  readonly slackApiUrl?: string;
  readonly logger?: Logger;
}

/**
 * Makes the clients. The SDK would try for half an hour and hold all calls back after one 429
 * (https://docs.slack.dev/tools/node-slack-sdk/web-api#automatic-retries): here a call fails at once and the outbox decides.
 */
export function createClients({ token, slackApiUrl, logger = silent }: ClientOptions): Clients {
  const options = { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logger, ...(slackApiUrl !== undefined && { slackApiUrl }) };
  return {
    arrival: new WebClient(token, { ...options, timeout: arrivalTimeoutMs }),
    progress: new WebClient(token, { ...options, timeout: progressTimeoutMs }),
  };
}

/** The SDK's own log lines say nothing that the thrown error does not. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};
