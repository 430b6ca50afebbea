/** The Slack app: connects, listens, and hands every word and click to its listener. */
import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '@slack/bolt';
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

/** While Slack is away the socket is asked for again at least this often, for as long as it takes. */
const reconnectGapMaxMs = 30_000;
const reconnectTimeoutMs = 15_000;

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
  /** Connects. @throws OpsError SLACK_* when Slack does not take the tokens or does not answer */
  start(): Promise<void>;
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
    for (const event of ['disconnected', 'reconnecting', 'disconnecting'])
      receiver.client.on(event, () => (seen.connectedSince = undefined));
  }
  app.use(async ({ next }) => {
    seen.lastEventAt = clock.now();
    await inFlight.track(next());
  });
  listen(app, options, () => seen.botUserId);
  app.error(async (error) => options.onError(translated(error.original ?? error, 'handling what somebody said')));
  return {
    async start() {
      try {
        const self = await client.auth.test();
        if (self.team_id !== undefined) seen.team = self.team_id;
        if (self.user_id !== undefined) seen.botUserId = self.user_id;
        if (self.bot_id !== undefined) seen.botId = self.bot_id;
        await app.init();
        await (mode.kind === 'http' ? app.start(mode.port) : app.start());
      } catch (error) {
        throw translated(error, 'connecting');
      }
      if (mode.kind === 'http') seen.connectedSince = clock.now();
      if (seen.team === undefined) throw new OpsError('SLACK_REFUSED', 'Slack did not say which team the bot belongs to.');
    },
    async stop() {
      seen.connectedSince = undefined;
      await app.stop();
      // Acknowledged clicks would be lost with this process: Slack sends them no second time.
      await inFlight.settled();
    },
    team: () => seen.team,
    connectedSince: () => seen.connectedSince,
    lastEventAt: () => seen.lastEventAt,
  };
}

function receiverOf(mode: SlackMode, clientOptions: { slackApiUrl?: string }, logger: Logger): SocketModeReceiver | HTTPReceiver {
  if (mode.kind === 'http') return new HTTPReceiver({ signingSecret: mode.signingSecret, logger, port: mode.port });
  const { appToken, clientPingTimeoutMs } = mode;
  return new SocketModeReceiver({
    appToken,
    logger,
    installerOptions: {
      clientOptions: {
        ...clientOptions,
        timeout: reconnectTimeoutMs,
        retryConfig: { forever: true, factor: 1.3, maxTimeout: reconnectGapMaxMs },
      },
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
