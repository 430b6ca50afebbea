/** Starts a real local Slack server (Web API, Socket Mode, a web page) on a free loopback port, and drives it as people would. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { leash } from '../stage/leash.ts';
import { closeView, openViews, submitView, windowAfter } from './local-slack-modal.ts';
import type { LocalView, Submitted, Typed } from './local-slack-modal.ts';
import { startPage } from './local-slack-page.ts';

const startLimitMs = 20_000;
const waitLimitMs = 25_000;
const pollMs = 25;

/** A person of the workspace. */
export interface LocalUser {
  readonly id: string;
  readonly name: string;
  readonly realName?: string;
}

/** A channel; all users and the bot are in it unless members are named. */
export interface LocalChannel {
  readonly id: string;
  readonly name: string;
  readonly topic?: string;
  readonly members?: readonly string[];
  readonly isPrivate?: boolean;
}

/** The workspace. */
export interface LocalSlackOptions {
  readonly users: readonly LocalUser[];
  readonly channels: readonly LocalChannel[];
  readonly botName?: string;
  /** Events are posted here, signed, rather than sent over a socket. */
  readonly http?: { readonly requestUrl: string; readonly signingSecret: string };
  /** A port for the server; a free one when absent. */
  readonly port?: number;
  /** A port for the page; a free one when absent. */
  readonly pagePort?: number;
}

/** A message as the server keeps it. */
export interface LocalMessage {
  readonly ts: string;
  readonly user?: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly subtype?: string;
  readonly ephemeral_to?: string;
  readonly blocks?: readonly Record<string, unknown>[];
  readonly files?: readonly { readonly name: string }[];
}

/** A Web API call of the bot. */
export interface LocalCall {
  readonly id: string;
  readonly method: string;
  readonly args: Record<string, unknown>;
}

/** A running workspace. */
export interface LocalSlack {
  /** Where the files lie that were uploaded. */
  readonly filesDirectory: string;
  /** For `slackApiUrl`. */
  readonly apiUrl: string;
  /** For a person's browser: the server's page, with the blocks it does not draw by itself. */
  readonly pageUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly botUserId: string;
  readonly teamId: string;
  command(by: string, channel: string, text: string): Promise<void>;
  say(by: string, channel: string, text: string, threadTs?: string): Promise<void>;
  /** Clicks the button with this action id on a message. */
  click(by: string, channel: string, messageTs: string, actionId: string): Promise<void>;
  /** Sends an action as it is, for what no card of ours holds. */
  interact(by: string, channel: string, messageTs: string, action: Record<string, unknown>): Promise<void>;
  /** Clicks, and gives the window that opens; undefined when the person is told something instead. */
  clickForWindow(by: string, channel: string, messageTs: string, actionId: string): Promise<LocalView | undefined>;
  /** The windows that are open now, the one on top last; the server has one stack for all people. */
  views(): Promise<readonly LocalView[]>;
  /** Fills the window on top in and submits it. */
  submit(by: string, typed: Typed): Promise<Submitted>;
  /** Closes the window on top. */
  closeView(by: string): Promise<void>;
  openHome(by: string): Promise<void>;
  messages(channel: string): Promise<readonly LocalMessage[]>;
  deleteMessage(channel: string, ts: string): Promise<void>;
  /** The latest Web API calls of the bot: the server's log keeps a thousand lines, calls and what else happened together. */
  calls(): Promise<readonly LocalCall[]>;
  /** Waits for a message. @throws after 25 s, with what is there */
  message(channel: string, matches: (message: LocalMessage) => boolean): Promise<LocalMessage>;
  stop(): Promise<void>;
}

/** Starts a workspace with one app. */
export async function startLocalSlack({
  users,
  channels,
  botName = 'etcd-medic',
  http,
  port,
  pagePort = 0,
}: LocalSlackOptions): Promise<LocalSlack> {
  const directory = await mkdtemp(join(tmpdir(), 'local-slack-'));
  const identity = { botToken: 'xoxb-local', appToken: 'xapp-local', botUserId: 'U0MEDIC', teamId: 'T0LOCAL' };
  const config = {
    workspace: { name: 'Incidents', domain: 'incidents', teamId: identity.teamId },
    app: { appId: 'A0MEDIC', botName, mode: http === undefined ? 'socket' : 'events', ...http, ...identity },
    users: users.map(({ id, name, realName = name }) => ({ id, name, real_name: realName })),
    channels: channels.map(({ id, name, topic = '', members, isPrivate = false }) => ({
      id,
      name,
      topic,
      is_private: isPrivate,
      members: [...(members ?? users.map((user) => user.id)), identity.botUserId],
    })),
  };
  const file = join(directory, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const listening = port ?? (await freePort());
  const base = `http://localhost:${listening}`;
  const child = spawn(binary(), ['--config', file, '--port', String(listening), '--files-dir', join(directory, 'files')], {
    stdio: 'ignore',
    cwd: directory,
  });
  leash(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // A test run that is cut short leaves nothing behind either.
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  await until(
    () => answers(`${base}/_control/state`),
    startLimitMs,
    () => 'local-slack does not answer',
  );
  const page = await startPage(listening, pagePort);
  const post = (path: string, body: unknown) => send(`${base}/_control/${path}`, body);
  const messages = async (channel: string) => (await read<{ messages: LocalMessage[] }>(`${base}/_control/messages/${channel}`)).messages;
  const click = async (user: string, channel: string, messageTs: string, actionId: string) => {
    const button = buttonsOf((await messages(channel)).find(({ ts }) => ts === messageTs)).find(({ action_id: id }) => id === actionId);
    if (button === undefined) throw new Error(`no button ${actionId} on ${messageTs}`);
    await post('interact', { channel, messageTs, user, action: { type: 'button', ...button } });
  };
  return {
    ...identity,
    filesDirectory: join(directory, 'files'),
    apiUrl: `${base}/api/`,
    pageUrl: page.url,
    messages,
    command: (user, channel, text) => post('command', { channel, user, command: '/etcd', text }),
    say: (user, channel, text, threadTs) =>
      post('message', { channel, user, text, ...(threadTs !== undefined && { thread_ts: threadTs }) }),
    interact: (user, channel, messageTs, action) => post('interact', { channel, messageTs, user, action }),
    click,
    clickForWindow: (user, ...button) => windowAfter(listening, user, () => click(user, ...button)),
    views: () => openViews(listening),
    submit: (user, typed) => submitView(listening, user, typed),
    closeView: (user) => closeView(listening, user),
    openHome: (user) => post('open-home', { user }),
    async deleteMessage(channel, ts) {
      await post('delete-message', { channel, ts, user: identity.botUserId });
    },
    async calls() {
      const { log } = await read<{
        log: { id: string; kind: string; direction: string; summary: string; detail?: Record<string, unknown> }[];
      }>(`${base}/_control/log`);
      return log
        .filter(({ kind, direction }) => kind === 'web_api' && direction === 'from_bot')
        .map(({ id, summary, detail = {} }) => ({ id, method: summary, args: detail }));
    },
    async message(channel, matches) {
      let found: LocalMessage | undefined;
      let last: readonly LocalMessage[] = [];
      await until(
        async () => {
          last = await messages(channel);
          found = last.findLast(matches);
          return found !== undefined;
        },
        waitLimitMs,
        () =>
          `no such message among: ${JSON.stringify(
            last.map(({ text, subtype, thread_ts }) => ({ text, subtype, thread_ts })),
            null,
            1,
          )}`,
      );
      if (found === undefined) throw new Error('unreachable');
      return found;
    },
    async stop() {
      await page.stop();
      child.kill('SIGTERM');
      await exited;
      process.off('exit', killNow);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The buttons of a message, with the block they stand in. */
export function buttonsOf(
  message: LocalMessage | undefined,
): readonly { readonly action_id: string; readonly value: string; readonly block_id: string; readonly text: unknown }[] {
  return (message?.blocks ?? []).flatMap((block) =>
    block['type'] === 'actions'
      ? (block['elements'] as { action_id: string; value: string; text: unknown }[]).map(({ action_id, value, text }) => ({
          action_id,
          value,
          text,
          block_id: String(block['block_id']),
        }))
      : [],
  );
}

/** Waits for a condition. @throws Error with `otherwise` after `limitMs` */
export async function until(
  condition: () => Promise<boolean> | boolean,
  limitMs: number,
  otherwise: () => string,
  everyMs = pollMs,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(otherwise());
    await sleep(everyMs);
  }
}

function binary(): string {
  return join(dirname(createRequire(import.meta.url).resolve('local-slack-linux-x64/package.json')), 'bin', 'local-slack');
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function send(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

async function read<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
