#!/usr/bin/env node
/** The terminal: the same words as in Slack, on the same queue, with the same permissions; works while Slack is down. */
import { userInfo } from 'node:os';
import { createAccess } from './access/index.ts';
import type { Groups } from './access/groups.ts';
import { createDesk } from './commands/desk.ts';
import type { Reply } from './commands/reply.ts';
import { loadSettings } from './config/load.ts';
import type { Settings } from './config/load.ts';
import { OpsError, isOpsError } from './errors.ts';
import type { UserId } from './ids.ts';
import { verbs } from './procedures/index.ts';
import { connect, untilConnected } from './queue/connection.ts';
import { openQueues } from './queue/queues.ts';
import { readReply } from './queue/read-reply.ts';
import { createRuns } from './queue/runs.ts';
import { follow } from './terminal/follow.ts';
import { answerLines } from './terminal/text.ts';
import { systemClock } from './wiring/clock.ts';

/** How long Redis may take to answer before the terminal says that it does not. */
const connectLimitMs = 3_000;
/** How long a worker may take to answer a question; it gives up itself before that. */
const answerLimitMs = 130_000;
/** sysexits(3): the configuration is wrong. */
const exitConfig = 78;

const print = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** User groups are looked up through Slack, which a terminal must not need: whoever works here is listed by their own id. */
const noGroups: Groups = {
  membersOf: (groupId) => Promise.reject(new OpsError('NOT_ALLOWED', `The user group ${groupId} cannot be looked up from a terminal.`)),
};

/** Whom the configuration says the user of this machine is; the operating system vouches for the user. */
function personOf({ config }: Settings): UserId {
  const { username } = userInfo();
  const user = config.terminalUsers?.[username];
  if (user === undefined) {
    throw new OpsError('NOT_ALLOWED', `config.yaml does not say who ${username} is.`, {
      hint: `Add the line “${username}: <Slack user id>” under terminalUsers in config.yaml.`,
    });
  }
  return user;
}

async function main(words: readonly string[]): Promise<number> {
  const settings = loadSettings(undefined, { roles: [] });
  const connections = connect({ url: settings.redisUrl.reveal(), log: silent });
  const queues = openQueues({ front: connections.front, log: silent });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  try {
    const user = personOf(settings);
    await untilConnected(connections, connectLimitMs);
    const runs = createRuns({
      front: connections.front,
      queues,
      isExclusive: (id) => verbs.some((verb) => verb.id === id && verb.type === 'procedure' && verb.exclusive),
      clock: systemClock,
    });
    const { clusters } = settings.config;
    const access = createAccess({ clusters, groups: noGroups, homeTeam: () => undefined });
    const desk = createDesk({ verbs, clusters, permissions: access, runs, clock: systemClock });
    const reply = await desk.take({ words, prefix: 'etcd-medic' }, { user, channel: { id: '' }, team: '', via: 'terminal' });
    return await show(reply, {
      followed: async (run) => (await follow({ runs, clock: systemClock, print, signal: stop.signal }, run)).outcome,
      answered: async (jobId) => readReply({ queries: queues.queries, clock: systemClock, limitMs: answerLimitMs }, jobId),
    });
  } finally {
    await queues.close();
    await connections.close();
  }
}

interface Follow {
  followed(run: Extract<Reply, { kind: 'started' }>['run']['runId']): Promise<string | undefined>;
  answered(jobId: string): ReturnType<typeof readReply>;
}

async function show(reply: Reply, { followed, answered }: Follow): Promise<number> {
  switch (reply.kind) {
    case 'answer':
      for (const line of answerLines(reply.answer)) print(line);
      return 0;
    case 'receipt':
      print(reply.sentence);
      return reply.counted ? 0 : 1;
    case 'started': {
      print(reply.sentence);
      const outcome = await followed(reply.run.runId);
      if (outcome === undefined)
        print(`${reply.run.runId} goes on without this terminal: \`show ${reply.run.runId}\` says where it stands.`);
      return outcome === 'completed' || outcome === 'planned' ? 0 : 1;
    }
    case 'asked': {
      const said = await answered(reply.jobId);
      if (said.state === 'failed') {
        complain(`${said.because} ${said.hint}`);
        return 1;
      }
      for (const line of answerLines(said.answer)) print(line);
      return 0;
    }
    case 'held':
    case 'refused':
      complain(`${reply.sentence} ${reply.next}`);
      return 1;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isOpsError(error)) throw error;
  complain(`${error.message} ${error.hint}`);
  process.exitCode = error.code === 'CONFIG_INVALID' ? exitConfig : 1;
}
