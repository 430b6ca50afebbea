/** The bot role (takes words and clicks) and the reports role (brings runs and answers to Slack). */
import type { Access } from '../access/index.ts';
import { createDesk } from '../commands/desk.ts';
import type { Settings } from '../config/load.ts';
import type { SlackSettings } from '../config/slack-settings.ts';
import type { Clock } from '../engine/ports.ts';
import { OpsError } from '../errors.ts';
import { verbs } from '../procedures/index.ts';
import type { Connections, QueueLog } from '../queue/connection.ts';
import { readDecisions } from '../queue/decisions.ts';
import type { Queues } from '../queue/queues.ts';
import { createReportWorker } from '../queue/report-worker.ts';
import { enqueueReport } from '../queue/reporter.ts';
import { createRuns } from '../queue/runs.ts';
import { createSeen } from '../queue/seen.ts';
import { createThreads } from '../queue/threads.ts';
import type { Closable } from '../queue/worker.ts';
import { deliverAnswer } from '../slack/answers.ts';
import { createSlack } from '../slack/app.ts';
import type { Slack, SlackMode } from '../slack/app.ts';
import { createChannelNames } from '../slack/channel-names.ts';
import type { Clients } from '../slack/clients.ts';
import { tellLoss } from '../slack/loss.ts';
import { createNames } from '../slack/names.ts';
import { renderRun } from '../slack/thread.ts';

interface FrontDeps {
  readonly settings: Pick<Settings, 'config'>;
  readonly slack: SlackSettings;
  readonly clients: Clients;
  readonly connections: Connections;
  readonly queues: Queues;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: QueueLog;
}

/** Whether only one run of a procedure may live on a cluster at a time. */
export function isExclusive(procedure: string): boolean {
  return verbs.some((verb) => verb.id === procedure && verb.type === 'procedure' && verb.exclusive);
}

/** The bot: nothing is connected before `start`. */
export function createBot({ settings, slack, clients, connections, queues, access, clock, log }: FrontDeps): Slack {
  const { clusters } = settings.config;
  const runs = createRuns({ front: connections.front, queues, isExclusive, clock });
  return createSlack({
    mode: modeOf(slack),
    botToken: slack.botToken.reveal(),
    ...(slack.apiUrl !== undefined && { slackApiUrl: slack.apiUrl }),
    client: clients.arrival,
    clock,
    onError: (error) => log.error({ error }, 'something that was said could not be handled'),
    desk: createDesk({ verbs, clusters, permissions: access, runs, clock }),
    clusters,
    state: createThreads(connections.front),
    seen: createSeen(connections.front),
    names: createNames({ client: clients.arrival, clock }),
    channelNames: createChannelNames({ client: clients.arrival, clock }),
    requestRender: (run) => {
      enqueueReport(queues.reports, run).catch((error: unknown) => log.warn({ run, error }, 'a report could not be asked for'));
    },
  });
}

function modeOf({ listen }: SlackSettings): SlackMode {
  if (listen === undefined) throw new OpsError('CONFIG_INVALID', 'The role bot needs SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET and PORT.');
  if (listen.mode === 'socket') return { kind: 'socket', appToken: listen.appToken.reveal() };
  return { kind: 'http', signingSecret: listen.signingSecret.reveal(), port: listen.port };
}

/** Starts the way out of the report outbox. */
export function startReports({ settings, clients, connections, queues, clock, log }: Omit<FrontDeps, 'slack' | 'access'>): Closable {
  const { workers, records } = connections;
  const names = createNames({ client: clients.arrival, clock });
  const state = createThreads(records);
  const decisions = readDecisions(records);
  return createReportWorker({
    workers,
    records,
    queues,
    clock,
    log,
    sink: {
      async render({ view, entries }, signal) {
        // An edit of progress that came too soon is left out; the run is rendered once more when it may be made.
        for (;;) {
          const { complete, waitMs } = await renderRun(
            { clients, state, clusters: settings.config.clusters, names, decisions, clock },
            view,
            entries,
            signal,
          );
          if (complete || signal.aborted) return;
          await clock.sleep(waitMs, signal);
        }
      },
      deliver: ({ query, reply }) => deliverAnswer({ clients, names, clock }, query, reply),
      tellLoss: (loss) => tellLoss({ clients }, loss),
    },
  });
}
