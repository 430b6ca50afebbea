/** The Slack app: connects, listens, and hands every word and click to its listener. */
import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { ListenerDeps } from './answering.ts';
import { confirmCallback } from './blocks/confirm.ts';
import { silent } from './clients.ts';
import { translated } from './errors.ts';
import { createInFlight } from './in-flight.ts';
import { onAction } from './listeners/action.ts';
import { onCommand } from './listeners/command.ts';
import { onHome } from './listeners/home.ts';
import { onMention } from './listeners/mention.ts';
import { onTyped } from './listeners/typed.ts';
import { slashCommand } from './surface.ts';

/** From asking for a socket to Slack's greeting on it. */
const connectLimitMs = 30_000;
const openTimeoutMs = 15_000;

/** How events come: over a socket the app opens (no public address needed), or to an HTTP port with a signing secret. */
export type SlackMode =
  | { readonly kind: 'socket'; readonly appToken: string; readonly clientPingTimeoutMs?: number }
  | { readonly kind: 'http'; readonly signingSecret: string; readonly port: number };

interface SlackOptions extends ListenerDeps {
  readonly mode: SlackMode;
  readonly botToken: string;
  /** Slack's address, with a slash at its end; another one in tests. */
  readonly slackApiUrl?: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Takes what a listener could not handle; nobody is left without it being known. */
  readonly onError: (error: unknown) => void;
  readonly logger?: Logger;
}

/** The running app. */
export interface Slack {
  /** Connects; again after that failed, or the connection broke. @throws OpsError SLACK_* when Slack does not take the tokens or does not answer */
  start(): Promise<void>;
  /** Resolves once a connection that was there has broken, or this was stopped: nothing here makes it anew. */
  untilBroken(): Promise<void>;
  /** Takes nothing more, and finishes what was taken. */
  stop(): Promise<void>;
  /** The team the app is installed in; known once started. */
  readonly team: () => string | undefined;
  /** Since when events can come; undefined while not connected. */
  readonly connectedSince: () => Date | undefined;
  readonly lastEventAt: () => Date | undefined;
}

/** Makes the app; nothing is connected before `start`. */
export function createSlack(options: SlackOptions): Slack {
  const { mode, botToken, clock, logger = silent, client } = options;
  const clientOptions = options.slackApiUrl === undefined ? {} : { slackApiUrl: options.slackApiUrl };
  const seen: { team?: string; botUserId?: string; botId?: string; connectedSince?: Date | undefined; lastEventAt?: Date } = {};
  let connection = Promise.withResolvers<void>();
  const broken = () => {
    seen.connectedSince = undefined;
    connection.resolve();
  };
  const receiver = receiverOf(mode, clientOptions, logger);
  // Who the bot is was asked once at the start: asking at the first event would hold its acknowledgement back.
  const authorize = () =>
    Promise.resolve({
      botToken,
      ...(seen.botId !== undefined && { botId: seen.botId }),
      ...(seen.botUserId !== undefined && { botUserId: seen.botUserId }),
    });
  const inFlight = createInFlight();
  const app = new App({ receiver, authorize, logger, clientOptions: { ...clientOptions, logger }, deferInitialization: true });
  if (receiver instanceof SocketModeReceiver) {
    receiver.client.on('connected', () => (seen.connectedSince = clock.now()));
    for (const event of ['disconnected', 'disconnecting']) receiver.client.on(event, broken);
  }
  app.use(async ({ next }) => {
    seen.lastEventAt = clock.now();
    await inFlight.track(next());
  });
  listen(app, options, () => seen.botUserId);
  app.error(async (error) => options.onError(translated(error.original ?? error, 'handling what somebody said')));
  return {
    async start() {
      const self = await whoIsBot(client);
      seen.team = self.team;
      if (self.user !== undefined) seen.botUserId = self.user;
      if (self.bot !== undefined) seen.botId = self.bot;
      await app.init();
      connection = Promise.withResolvers<void>();
      if (receiver instanceof SocketModeReceiver) return await openSocket(receiver);
      if (mode.kind === 'http') await app.start(mode.port);
      seen.connectedSince = clock.now();
    },
    untilBroken: () => connection.promise,
    async stop() {
      const wasListening = seen.connectedSince !== undefined;
      broken();
      // An HTTP server that does not listen cannot be closed.
      if (mode.kind === 'socket' || wasListening) await app.stop();
      // Acknowledged clicks would be lost with this process: Slack sends them no second time.
      await inFlight.settled();
    },
    team: () => seen.team,
    connectedSince: () => seen.connectedSince,
    lastEventAt: () => seen.lastEventAt,
  };
}

/** Who the bot's token belongs to. @throws OpsError SLACK_*: SLACK_TOKEN_REFUSED when Slack does not know the token */
export async function whoIsBot(
  client: WebClient,
): Promise<{ readonly team: string; readonly user: string | undefined; readonly bot: string | undefined }> {
  const {
    team_id: team,
    user_id: user,
    bot_id: bot,
  } = await client.auth.test().catch((error: unknown): never => {
    throw translated(error, 'connecting');
  });
  if (team === undefined) throw new OpsError('SLACK_REFUSED', 'Slack did not say which team the bot belongs to.');
  return { team, user, bot };
}

/** @throws OpsError SLACK_* */
async function openSocket({ client }: SocketModeReceiver): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(noGreeting()), connectLimitMs);
  try {
    await Promise.race([client.start(), limit.promise]);
  } catch (error) {
    // The SDK rejects with nothing when the socket closed before Slack's greeting.
    void client.disconnect();
    throw error === undefined ? noGreeting() : translated(error, 'opening the socket', 'SLACK_APP_TOKEN');
  } finally {
    clearTimeout(timer);
  }
}

function noGreeting(): OpsError {
  return new OpsError('SLACK_UNREACHABLE', 'Slack gave the address of a socket, and did not answer there.');
}

function receiverOf(mode: SlackMode, clientOptions: { slackApiUrl?: string }, logger: Logger): SocketModeReceiver | HTTPReceiver {
  if (mode.kind === 'http') return new HTTPReceiver({ signingSecret: mode.signingSecret, logger, port: mode.port });
  const { appToken, clientPingTimeoutMs } = mode;
  return new SocketModeReceiver({
    appToken,
    logger,
    // The SDK drops the promise of an attempt of its own: a token refused then would end the process, with the runs that it carries.
    autoReconnectEnabled: false,
    installerOptions: {
      clientOptions: { ...clientOptions, timeout: openTimeoutMs, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    },
    ...(clientPingTimeoutMs !== undefined && { clientPingTimeout: clientPingTimeoutMs }),
  });
}

/** Slack tells most mentions' team, but not that of one with a file. https://docs.slack.dev/apis/events-api/#callback-field */
function unsharedTeamOf(body: { readonly team_id?: string; readonly is_ext_shared_channel?: boolean }): string | undefined {
  return body.is_ext_shared_channel === false ? body.team_id : undefined;
}

function listen(app: App, options: SlackOptions, botUserId: () => string | undefined): void {
  app.command(slashCommand, (args) => onCommand(options, args));
  app.event('app_mention', ({ event, body }) =>
    onMention(options, { event, eventId: body.event_id, unsharedTeam: unsharedTeamOf(body), botUserId: botUserId() }),
  );
  app.event('app_home_opened', ({ event }) => onHome(options.client, event));
  // Whatever is clicked gets an answer, also what no card of ours holds, rather than a spinning button.
  app.action(/.*/, ({ body, ack }) => onAction(options, { body, ack: () => ack() }));
  app.view(confirmCallback, ({ body, ack }) =>
    onTyped(options, { body, ack: (response) => (response === undefined ? ack() : ack(response)) }),
  );
}
