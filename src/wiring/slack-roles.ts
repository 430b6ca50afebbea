/** The roles that need Slack, each on its own: while Slack is away they wait for it, and the rest of the process goes on. */
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { QueueLog } from '../queue/connection.ts';
import type { Closable } from '../queue/worker.ts';
import { whoIsBot } from '../slack/app.ts';
import type { Slack } from '../slack/app.ts';
import type { Clients } from '../slack/clients.ts';
import { aborted, keepTrying } from './keep-trying.ts';
import type { Kept } from './keep-trying.ts';

interface RoleDeps {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly log: QueueLog;
}

/** Keeps the bot connected: the first time, and whenever the connection breaks. */
export function keepBot({ bot, ...deps }: RoleDeps & { readonly bot: Slack }): Kept {
  return keepTrying({
    ...deps,
    name: 'bot',
    attempt: async (up, signal) => {
      const stopped = aborted(signal);
      try {
        // Slack that answers slowly does not hold a process that stops.
        await Promise.race([bot.start().then(up), stopped]);
        await Promise.race([bot.untilBroken(), stopped]);
      } finally {
        if (signal.aborted) await bot.stop();
      }
      if (!signal.aborted) throw new OpsError('SLACK_UNREACHABLE', 'The connection to Slack broke.');
    },
  });
}

/**
 * Starts the way out of the outbox once Slack has taken the token: until then reports wait there, where nothing is lost, instead of failing.
 * @param start begins to bring reports to Slack
 */
export function keepReports({
  clients,
  start,
  stopLimitMs,
  ...deps
}: RoleDeps & { readonly clients: Clients; readonly start: () => Closable; readonly stopLimitMs: number }): Kept {
  return keepTrying({
    ...deps,
    name: 'reports',
    attempt: async (up, signal) => {
      const stopped = aborted(signal);
      const taken = await Promise.race([whoIsBot(clients.arrival), stopped]);
      if (taken === 'stopped') return;
      const reports = start();
      up();
      await stopped;
      await reports.close({ deadlineMs: stopLimitMs });
    },
  });
}
