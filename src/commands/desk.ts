/** The desk: takes a command from a person, asks whether it is allowed, and passes it on. Slack and the terminal both stand in front of it. */
import type { Cluster } from '../config/schema.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs } from '../engine/runs.ts';
import { OpsError, isOpsError } from '../errors.ts';
import { ClusterName } from '../ids.ts';
import type { RunId } from '../ids.ts';
import type { Answer, AnswerPart } from '../procedures/answer.ts';
import type { Verb } from '../procedures/procedure.ts';
import { breakGlass } from './break-glass.ts';
import type { GlassRules } from './break-glass.ts';
import { decide, decideAtGate, endRun } from './decide.ts';
import type { GateClick, Permissions } from './decide.ts';
import { helpAll, helpOn } from './help.ts';
import { splitWords } from './normalise.ts';
import { parseWords } from './parse.ts';
import type { Command } from './parse.ts';
import { refused } from './reply.ts';
import type { Person, Reply } from './reply.ts';
import { runsAnswer, showAnswer, standing, timeInWords } from './run-words.ts';
import { verifyReply } from './verify-words.ts';

const listedRunsMax = 15;

/** What the desk needs. */
export interface DeskDeps {
  readonly verbs: readonly Verb[];
  readonly clusters: Readonly<Record<string, Pick<Cluster, 'channels' | 'members' | 'readers' | 'keys'> & GlassRules>>;
  readonly permissions: Permissions;
  readonly runs: Runs;
  readonly clock: Pick<Clock, 'now'>;
}

/** How a command came. */
export interface Said {
  /** One line, or words that a shell has split already. */
  readonly words: string | readonly string[];
  /** What stands before the words, for the help: `/etcd`, `etcd-medic`. */
  readonly prefix: string;
  /** The run whose thread it was said in. */
  readonly run?: RunId;
}

/** Takes commands and clicks; answers every one. Expected refusals are values; what nobody expects is thrown. */
export interface Desk {
  take(said: Said, person: Person): Promise<Reply>;
  /** A click on a card: counts only for the gate and the plan that the card showed. */
  click(click: GateClick, person: Person): Promise<Reply>;
}

/** Opens a desk. */
export function createDesk(deps: DeskDeps): Desk {
  return {
    take: (said, person) =>
      answering(async () => {
        const words = typeof said.words === 'string' ? splitWords(said.words) : said.words;
        const entered = deps.permissions.mayEnter(person);
        if (!entered.allowed) return refused('NOT_ALLOWED', entered.because, 'Ask somebody of the team that runs this bot.');
        try {
          return await carryOut(
            deps,
            parseWords(words, { ...deps, ...(said.run !== undefined && { run: said.run }) }),
            person,
            said.prefix,
          );
        } catch (error) {
          // A mistake in a name lists the right ones, which is an answer about the cluster.
          const cluster = isOpsError(error, 'INPUT_INVALID') ? ClusterName.safeParse(error.details['cluster']).data : undefined;
          const allowed = cluster === undefined ? entered : await deps.permissions.mayAsk(person, cluster, 'read');
          if (!allowed.allowed) return refused('NOT_ALLOWED', allowed.because, '`clusters` shows where commands are taken.');
          throw error;
        }
      }),
    click: (click, person) => answering(() => decideAtGate(deps, click, person)),
  };
}

async function answering(work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (isOpsError(error)) return refused(error.code, error.message, error.hint);
    throw error;
  }
}

async function carryOut(deps: DeskDeps, command: Command, person: Person, prefix: string): Promise<Reply> {
  switch (command.kind) {
    case 'help':
      return answer(help(deps, command.verb, prefix));
    case 'clusters':
      return answer(await clustersAnswer(deps, person));
    case 'whoami':
      return answer(await whoAnswer(deps, person));
    case 'runs':
      return listRuns(deps, command.cluster, person);
    case 'show':
      return showRun(deps, command, person);
    case 'verify':
      return verifyRun(deps, command, person);
    case 'decide':
      return decide(deps, command, person);
    case 'break-glass':
      return breakGlass(deps, command, person);
    case 'abort':
      return endRun(deps, command, person);
    case 'query':
    case 'run':
      return start(deps, command, person);
    default:
      return command satisfies never;
  }
}

/** Its examples name members, and anybody may ask for it: only of clusters that anybody may look at. */
function help({ verbs, clusters }: DeskDeps, verb: string | undefined, prefix: string): Answer {
  const open = Object.fromEntries(Object.entries(clusters).filter(([, { readers }]) => readers === undefined));
  return verb === undefined ? helpAll({ verbs, clusters: open, prefix }) : helpOn(verb, { verbs, clusters: open, prefix });
}

function answer(value: Answer): Reply {
  return { kind: 'answer', answer: value };
}

async function start(
  deps: DeskDeps,
  { verb, cluster, input, mode }: Extract<Command, { kind: 'run' | 'query' }>,
  person: Person,
): Promise<Reply> {
  const allowed = await deps.permissions.mayAsk(person, cluster, verb.permission);
  if (!allowed.allowed) return refused('NOT_ALLOWED', allowed.because, '`whoami` shows the ids that would have to be named.');
  verb.permits?.(input, { name: cluster, keys: deps.clusters[cluster]?.keys });
  const requester = { user: person.user, channel: reportsTo(deps, cluster, person), via: person.via };
  if (verb.type === 'query') {
    if ((await deps.runs.workers()) === 0) throw new OpsError('WORKER_MISSING', 'No worker is there, so nobody would look.');
    const jobId = await deps.runs.ask({ verb: verb.id, cluster, input, requester });
    return { kind: 'asked', jobId, sentence: `Looking at ${cluster}…` };
  }
  const submission = await deps.runs.submit({ procedure: verb.id, cluster, input, requester, mode });
  if (submission.state === 'started') {
    const { run } = submission;
    // It is started by now: a Redis that does not say who is there takes nothing from that.
    const nobodyWorks = (await deps.runs.workers().catch(() => undefined)) === 0;
    const started =
      mode === 'plan' ? `Planning ${run.runId}: nothing will be changed.` : `Started ${run.runId}. Its report follows in the channel.`;
    return { kind: 'started', run, sentence: nobodyWorks ? `${started} ${waitsForWorker}` : started };
  }
  const { by } = submission;
  const age = timeInWords(deps.clock.now().getTime() - Date.parse(by.run.requestedAt));
  return {
    kind: 'held',
    by,
    sentence: `Nothing was started: ${cluster} is held by ${by.run.runId}. ${by.run.requester.user} asked for it ${age} ago; it ${standing(by)}.`,
    next: `Wait for it, or end it with \`abort ${by.run.runId}\`.`,
  };
}

const waitsForWorker =
  'No worker is there, so nothing happens until one is: start one (`systemctl start etcd-medic`, or its container). The run waits for it.';

/** Where the report goes: where it was asked; from the terminal, to the first channel of the cluster that is one channel. */
function reportsTo({ clusters }: DeskDeps, cluster: ClusterName, { channel, via }: Person): string {
  if (via === 'slack' || channel.id !== '') return channel.id;
  const { channels = [] } = clusters[cluster] ?? {};
  return channels.find((entry) => !entry.startsWith('#')) ?? channels.find((entry) => !entry.endsWith('*')) ?? '';
}

async function listRuns(deps: DeskDeps, cluster: ClusterName | undefined, person: Person): Promise<Reply> {
  if (cluster !== undefined) {
    const allowed = await deps.permissions.mayAsk(person, cluster, 'read');
    if (!allowed.allowed) return refused('NOT_ALLOWED', allowed.because, '`clusters` shows where commands are taken.');
  }
  const views = await deps.runs.list({ ...(cluster !== undefined && { cluster }), limit: listedRunsMax });
  const readable = await readableOf(deps, person, [...new Set(views.map(({ run }) => run.cluster))]);
  const visible = views.filter(({ run }) => readable.has(run.cluster));
  return answer(runsAnswer(visible, deps.clock.now(), cluster === undefined ? 'that can be seen here' : `on ${cluster}`));
}

/** Which of the clusters a person may look at from where they stand. */
async function readableOf({ permissions }: DeskDeps, person: Person, clusters: readonly ClusterName[]): Promise<ReadonlySet<ClusterName>> {
  const looks = await Promise.all(clusters.map((cluster) => permissions.mayAsk(person, cluster, 'read')));
  return new Set(clusters.filter((_cluster, index) => looks[index]?.allowed === true));
}

async function showRun(deps: DeskDeps, { run, journal }: Extract<Command, { kind: 'show' }>, person: Person): Promise<Reply> {
  const view = await deps.runs.view(run);
  const allowed = await deps.permissions.mayAsk(person, view.run.cluster, 'read');
  if (!allowed.allowed) return refused('NOT_ALLOWED', allowed.because, '`clusters` shows where commands are taken.');
  if (!journal) return answer(showAnswer(view, deps.clock.now()));
  return { kind: 'journal', view, entries: await deps.runs.journal(run) };
}

async function verifyRun(deps: DeskDeps, { run, head }: Extract<Command, { kind: 'verify' }>, person: Person): Promise<Reply> {
  const { cluster } = await deps.runs.request(run);
  const allowed = await deps.permissions.mayAsk(person, cluster, 'read');
  if (!allowed.allowed) return refused('NOT_ALLOWED', allowed.because, '`clusters` shows where commands are taken.');
  return verifyReply(run, await deps.runs.verifyJournal(run), head);
}

async function clustersAnswer(deps: DeskDeps, person: Person): Promise<Answer> {
  const { clusters, permissions } = deps;
  const names = Object.keys(clusters) as ClusterName[];
  const readable = await readableOf(deps, person, names);
  const rows = names.map((name) => [
    name,
    readable.has(name) ? Object.keys(clusters[name]?.members ?? {}).join(' ') : 'not shown here',
    permissions.mayAskHere(person, name).allowed ? 'yes' : 'no',
    clusters[name]?.channels.join(' ') ?? '',
  ]);
  return {
    headline: `${names.length} cluster${names.length === 1 ? '' : 's'}.`,
    parts: [tableOf(['CLUSTER', 'MEMBERS', 'HERE', 'CHANNELS'], rows)],
    next: '`status <cluster>` says how one stands.',
  };
}

async function whoAnswer({ clusters, permissions }: DeskDeps, person: Person): Promise<Answer> {
  const { user, team, channel, via } = person;
  const ids = [
    ['user', user],
    ...(via === 'slack'
      ? [
          ['team', team],
          ['channel', channel.name === undefined ? channel.id : `${channel.id} (#${channel.name})`],
        ]
      : [['via', 'terminal']]),
  ];
  const names = Object.keys(clusters) as ClusterName[];
  const rights = await Promise.all(names.map((name) => permissions.rightsOf(person, name)));
  const rows = rights.map(({ here, read, operate, approve }, index) => [
    names[index] ?? '',
    ...[here, read, operate, approve].map(yesOrNo),
  ]);
  return {
    headline: `You are ${user}.`,
    parts: [
      { type: 'verbatim', text: ids.map(([name = '', value = '']) => `${name.padEnd(8)} ${value}`).join('\n') },
      tableOf(['CLUSTER', 'HERE', 'READ', 'OPERATE', 'APPROVE'], rows),
      { type: 'sentence', text: 'HERE: whether its commands are taken in this place. APPROVE: what somebody else asked for.' },
    ],
    next: 'These are the ids that `channels`, `readers`, `operators` and `approvers` in config.yaml would have to name.',
  };
}

function yesOrNo(right: boolean): string {
  return right ? 'yes' : 'no';
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): AnswerPart {
  return { type: 'table', table: { columns: titles.map((title) => ({ title, align: 'left' as const })), rows } };
}
