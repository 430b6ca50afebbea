/** The whole front in a real (local) Slack over Socket Mode, with runs in memory behind it. */
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import { viewOf } from '../../src/engine/view.ts';
import type { RunId } from '../../src/ids.ts';
import { createSlack } from '../../src/slack/app.ts';
import type { Slack } from '../../src/slack/app.ts';
import { createChannelNames } from '../../src/slack/channel-names.ts';
import { createClients } from '../../src/slack/clients.ts';
import { createGroups } from '../../src/slack/groups.ts';
import { createNames } from '../../src/slack/names.ts';
import { renderRun } from '../../src/slack/thread.ts';
import { clusters as known, verbs } from '../commands/verbs.ts';
import { fakeClock, fakeRuns, journalOf, memorySeen, memoryThreadState, request } from './fakes.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { startLocalSlack } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';

/** Where everything is said. */
export const channel = 'C0INCIDENT';

/** Starts a workspace with four people: alice operates, bob approves, carol does by her group, mallory is on no list. */
export async function startWorkspace() {
  const slack = await startLocalSlack({
    users: ['alice', 'bob', 'carol', 'mallory'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [
      { id: channel, name: 'inc-etcd' },
      { id: 'C0RANDOM', name: 'random' },
    ],
  });
  const proxy = await startFaultProxy(slack.apiUrl);
  return {
    slack,
    proxy,
    open: () => {
      proxy.decide((method) => (method === 'usergroups.users.list' ? { body: { ok: true, users: ['U0CAROL'] } } : 'pass on'));
      return open(slack, proxy);
    },
    /** Waits for what only one person sees. */
    whispered: (to: string, text: RegExp): Promise<LocalMessage> =>
      slack.message(channel, (message) => message.ephemeral_to === to && text.test(message.text)),
    async stop() {
      await proxy.stop();
      await slack.stop();
    },
  };
}

async function open(slack: LocalSlack, proxy: FaultProxy) {
  const clock = fakeClock('2026-11-22T03:20:00.000Z');
  const clients = createClients({ token: slack.botToken, slackApiUrl: proxy.apiUrl });
  const lists = { channels: ['#inc-*'], operators: ['U0ALICE'], approvers: ['U0BOB', 'S0SRE'] };
  const approvals = { breakGlass: { people: ['U0ALICE'], delay: 300_000 } };
  const clusters = { prod: { ...lists, approvals, members: known.prod.members } } as never;
  const runs = fakeRuns();
  const state = memoryThreadState();
  const names = createNames({ client: clients.arrival, clock });
  const errors: unknown[] = [];
  const rendered: RunId[] = [];
  const running: { app?: Slack } = {};
  const permissions = createAccess({
    clusters,
    groups: createGroups({ client: clients.arrival, clock }),
    homeTeam: () => running.app?.team(),
  });
  const desk = createDesk({ verbs, clusters, permissions, runs: runs.runs, clock });
  const thread = { clients, state, clusters, names, decisions: runs.decisions, clock };
  const render = async (events: Parameters<typeof journalOf>[0], asked = request()) => {
    runs.put(asked, journalOf(events));
    clock.forward(2_000);
    await renderRun(thread, viewOf(asked, journalOf(events)), journalOf(events));
  };
  const app = createSlack({
    mode: { kind: 'socket', appToken: slack.appToken },
    botToken: slack.botToken,
    slackApiUrl: proxy.apiUrl,
    desk,
    clusters,
    state,
    seen: memorySeen(),
    names,
    channelNames: createChannelNames({ client: clients.arrival, clock }),
    client: clients.arrival,
    requestRender: (one) => rendered.push(one),
    clock,
    onError: (error) => errors.push(error),
  });
  running.app = app;
  await app.start();
  /** The newest card of a run. */
  const card = async (of: RunId = request().runId): Promise<LocalMessage> => {
    const posted = (await state.get(of))?.replies;
    const { ts } = Object.entries(posted ?? {}).findLast(([key]) => key.startsWith('gate:'))?.[1] ?? { ts: '' };
    return slack.message(channel, (message) => message.ts === ts);
  };
  return { app, runs, state, errors, rendered, render, thread, clock, card };
}
