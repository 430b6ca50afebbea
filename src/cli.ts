#!/usr/bin/env node
/** The terminal: the same words as in Slack, on the same queue, with the same permissions; works while Slack is down. And `kit`, which needs neither. */
import { userInfo } from 'node:os';
import { inspect } from 'node:util';
import { createAccess } from './access/index.ts';
import type { Groups } from './access/groups.ts';
import { createDesk } from './commands/desk.ts';
import type { Desk } from './commands/desk.ts';
import type { Person } from './commands/reply.ts';
import { helpOn } from './commands/help.ts';
import { inspectSettings } from './config/inspect.ts';
import { loadConfig, loadSettings } from './config/load.ts';
import type { Settings } from './config/load.ts';
import { OpsError, isOpsError } from './errors.ts';
import type { Runs } from './engine/runs.ts';
import { derivePublicKey } from './host/public-key.ts';
import { writeKit } from './kit/index.ts';
import { verbs } from './procedures/index.ts';
import { connect, untilConnected } from './queue/connection.ts';
import type { Connections } from './queue/connection.ts';
import { openQueues } from './queue/queues.ts';
import type { Queues } from './queue/queues.ts';
import { readReply } from './queue/read-reply.ts';
import { createRuns } from './queue/runs.ts';
import { terminalWords } from './terminal/arguments.ts';
import { listenToPerson } from './terminal/asking.ts';
import { exitCodeOf, exitCodes } from './terminal/exit-codes.ts';
import { follow } from './terminal/follow.ts';
import { personOf } from './terminal/identity.ts';
import { createJson } from './terminal/json.ts';
import { createLines, onScreen } from './terminal/output.ts';
import type { Output } from './terminal/output.ts';
import { createPatience } from './terminal/patience.ts';
import { showReply } from './terminal/reply.ts';
import type { Waiting } from './terminal/reply.ts';
import { createWrite } from './terminal/streams.ts';
import { systemClock } from './wiring/clock.ts';
import { checkUp } from './wiring/doctor.ts';
import { initialise } from './wiring/init.ts';

/** How long Redis may take to answer before the terminal says that it does not. */
const connectLimitMs = 3_000;
/** How long a worker may take to answer a question; it gives up itself before that. */
const answerLimitMs = 130_000;

/** Aborts when nobody follows any more: the person left, or the reader of what is printed did. */
const left = new AbortController();
const write = createWrite(process.stdout, () => left.abort());
const writeError = createWrite(process.stderr);
const print = (line: string) => write(`${line}\n`);
const complain = (line: string) => writeError(`${line}\n`);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** User groups are looked up through Slack, which a terminal must not need: whoever works here is listed by their own id. */
const noGroups: Groups = {
  membersOf: (groupId) => Promise.reject(new OpsError('NOT_ALLOWED', `The user group ${groupId} cannot be looked up from a terminal.`)),
  unreadHint:
    'a terminal does not ask Slack who is in a group, so that it works while Slack is down. Say it in Slack, or have your own id put on the list',
};

/** What one call of the terminal works with. */
interface Session {
  readonly runs: Runs;
  readonly queues: Queues;
  readonly desk: Desk;
  readonly person: Person;
  readonly output: Output;
  /** Aborts when the person leaves. */
  readonly signal: AbortSignal;
  /** Whether a person sits there who may answer at a gate. */
  readonly interactive: boolean;
}

async function main(words: readonly string[], json: boolean, output: Output): Promise<number> {
  const settings = loadSettings(undefined, { roles: [] });
  const user = personOf(settings.config.terminalUsers, () => userInfo().username);
  const connections = connect({ url: settings.redisUrl.reveal(), log: silent });
  const queues = openQueues({ front: connections.front, log: silent });
  process.once('SIGINT', () => left.abort());
  try {
    await untilConnected(connections, connectLimitMs);
    const { runs, desk } = openDesk(settings, connections, queues);
    const person = { user, channel: { id: '' }, team: '', via: 'terminal' } as const;
    const interactive = !json && process.stdin.isTTY && process.stdout.isTTY;
    const session = { runs, queues, desk, person, output, signal: left.signal, interactive };
    return await showReply(await desk.take({ words, prefix: 'etcd-medic' }, person), output, waitingOf(session));
  } finally {
    await queues.close();
    await connections.close();
  }
}

function openDesk({ config: { clusters } }: Settings, { front }: Connections, queues: Queues): Pick<Session, 'runs' | 'desk'> {
  const runs = createRuns({
    front,
    queues,
    isExclusive: (id) => verbs.some((verb) => verb.id === id && verb.type === 'procedure' && verb.exclusive),
    clock: systemClock,
  });
  const permissions = createAccess({ clusters, groups: noGroups, homeTeam: () => undefined });
  return { runs, desk: createDesk({ verbs, clusters, permissions, runs, clock: systemClock }) };
}

function waitingOf(session: Session): Waiting {
  const { runs, queues, output, signal, interactive } = session;
  const waiting: Waiting = {
    followed: async (run) => {
      const asking = {
        ...session,
        verbs,
        input: process.stdin,
        show: async (reply: Parameters<typeof showReply>[0]) => showReply(reply, output, waiting),
      };
      const stopListening = interactive ? listenToPerson(asking, run.runId) : undefined;
      try {
        return await follow({ runs, clock: systemClock, output, signal, interactive }, run);
      } finally {
        stopListening?.();
      }
    },
    answered: async (jobId) => {
      const patiently = createPatience({ clock: systemClock, tell: output.remark });
      const said = await readReply({ queries: queues.queries, clock: systemClock, limitMs: answerLimitMs, patiently }, jobId);
      return said.state === 'answered' ? said : { state: 'failed', code: said.code, sentence: said.because, next: said.hint };
    },
  };
  return waiting;
}

/** Prints the script alone on standard output, so that it can be piped to a host. */
async function kit(words: readonly string[]): Promise<number> {
  const { script, remarks, typed } = await writeKit(words, { config: loadConfig(), derivePublicKey });
  write(script);
  for (const remark of remarks) complain(onScreen(`etcd-medic: ${remark}`));
  for (const line of typed) complain(onScreen(`  ${line}`));
  return exitCodes.done;
}

/** The checkup: 0 when nothing is wrong. */
async function doctor(words: readonly string[], output: Output): Promise<number> {
  const found = await checkUp(words, inspectSettings());
  output.checkup(found);
  return found.some(({ checks }) => checks.some(({ grade }) => grade === 'wrong')) ? exitCodes.notDone : exitCodes.done;
}

async function init(words: readonly string[], output: Output): Promise<number> {
  const { answer, written } = await initialise(words);
  output.answer(answer);
  return written ? exitCodes.done : exitCodes.notDone;
}

/** Words that need no Redis. */
const alone: Readonly<Record<string, (words: readonly string[], output: Output) => Promise<number>>> = { init, kit, doctor };

async function answerTo(words: readonly string[], json: boolean, output: Output): Promise<number> {
  const [first = '', ...rest] = words;
  const isHelp = rest.some((word) => word === '--help' || word === '-h');
  const explained = first === 'help' ? rest[0] : isHelp ? first : undefined;
  if (explained !== undefined && Object.hasOwn(alone, explained)) {
    output.answer(helpOn(explained, { verbs: [], clusters: {}, prefix: 'etcd-medic' }));
    return exitCodes.done;
  }
  const work = Object.hasOwn(alone, first) ? alone[first] : undefined;
  return await (work === undefined ? main(words, json, output) : work(rest, output));
}

const { json, words } = terminalWords(process.argv.slice(2));
const output = json ? createJson({ print }) : createLines({ print, complain });
try {
  process.exitCode = await answerTo(words, json, output);
} catch (error) {
  if (isOpsError(error)) {
    output.refused({ code: error.code, sentence: error.message, next: error.hint });
    process.exitCode = exitCodeOf(error.code);
  } else {
    // A fault of ours: whole, for whoever reports it, and as fit for a screen as the rest.
    output.refused({ code: 'INTERNAL', sentence: `etcd-medic met an error of its own: ${inspect(error)}`, next: 'Report this as a bug.' });
    process.exitCode = exitCodes.notDone;
  }
}
