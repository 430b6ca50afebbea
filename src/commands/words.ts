/** The words the desk itself answers to, beside the verbs that a worker carries out; and how a usage line is written. */
import type { ArgumentSpec, Verb } from '../procedures/procedure.ts';

/** What the grammar and the help need to know of any word. */
export interface Declared {
  readonly id: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
}

const run: ArgumentSpec = {
  name: 'run',
  kind: 'positional',
  required: true,
  placeholder: '<run>',
  description: 'the run, e.g. restore-prod-7f3a9c; inside its thread it can be left out',
};
const code: ArgumentSpec = {
  name: 'code',
  kind: 'positional',
  required: false,
  placeholder: '<code>',
  description: 'the code on the card, e.g. 7k: it says which card is answered; without it a word is refused where that could be doubted',
};
const typed: ArgumentSpec = {
  name: 'cluster',
  kind: 'positional',
  required: false,
  placeholder: '<cluster>',
  description: 'the name of its cluster: needed where quorum or the last good data is at stake, as the card says',
};
const reason: ArgumentSpec = {
  name: 'reason',
  kind: 'positional',
  required: true,
  placeholder: '<reason…>',
  description: 'why nobody else can approve; it stands in the channel and in the journal',
};
const option: ArgumentSpec = {
  name: 'option',
  kind: 'positional',
  required: true,
  placeholder: '<option>',
  description: 'the way to go on, as the card and `show <run>` name it',
};
const cluster: ArgumentSpec = {
  name: 'cluster',
  kind: 'positional',
  required: false,
  placeholder: '<cluster>',
  description: 'only of this cluster',
};
const journal: ArgumentSpec = {
  name: 'journal',
  kind: 'flag',
  required: false,
  description: 'every entry of its journal: commands with exit codes and answers, decisions, hashes',
};
const head: ArgumentSpec = {
  name: 'head',
  kind: 'option',
  required: false,
  placeholder: '<sha256>',
  description: 'the head of the journal as it was noted elsewhere, e.g. in the summary in the thread',
};
const clusterArgument: ArgumentSpec = {
  name: 'cluster',
  kind: 'positional',
  required: true,
  placeholder: '<cluster>',
  description: 'the cluster',
};
const verb: ArgumentSpec = { name: 'verb', kind: 'positional', required: false, placeholder: '<verb>', description: 'the verb to explain' };

/** In the order of the help text. */
export const deskWords = [
  { id: 'help', summary: 'this list, or one verb with its options', arguments: [verb] },
  { id: 'clusters', summary: 'the clusters and where their commands are taken', arguments: [] },
  { id: 'runs', summary: 'the latest runs', arguments: [cluster] },
  { id: 'show', summary: 'where a run stands', arguments: [run, journal] },
  { id: 'approve', summary: 'say yes at the gate a run waits at', arguments: [run, code, typed] },
  { id: 'reject', summary: 'say no at the gate a run waits at', arguments: [run, code] },
  {
    id: 'break-glass',
    summary: 'approve alone, after a delay in which anybody who may look may cancel it',
    arguments: [run, code, typed, reason],
  },
  { id: 'cancel-break-glass', summary: 'take back a break-glass, your own or another’s', arguments: [run, code] },
  { id: 'choose', summary: 'pick one of the ways a run offers', arguments: [run, code, option] },
  { id: 'retry', summary: 'try the failed step of a run again', arguments: [run, code] },
  { id: 'abort', summary: 'end a run, between two steps', arguments: [run, code] },
  { id: 'verify-journal', summary: 'whether the journal of a run is as it was written', arguments: [run, head] },
  { id: 'whoami', summary: 'your ids as config.yaml would name them, and what you may do where', arguments: [] },
] as const satisfies readonly Declared[];

const member: ArgumentSpec = { name: 'member', kind: 'option', required: false, description: 'only for the host of this member' };
const from: ArgumentSpec = {
  name: 'from',
  kind: 'option',
  required: false,
  placeholder: '<address>',
  description: "the bot's address, or a network of it, as the hosts see it: from elsewhere the key is of no use then",
};
const allow: ArgumentSpec = {
  name: 'allow',
  kind: 'option',
  required: false,
  placeholder: '<groups>',
  description: 'what the bot may do there, separated by commas: look, stop-and-start, restore, replace, fetch-database, v2',
};
const root: ArgumentSpec = {
  name: 'root',
  kind: 'flag',
  required: false,
  description: "without sudo: the key opens root's account, and there the program alone",
};
const remove: ArgumentSpec = { name: 'remove', kind: 'flag', required: false, description: 'a script that takes all of it away again' };

/** Words of the terminal alone: they need no Redis, and what they print is no message. */
export const setUpWords = [
  {
    id: 'init',
    summary: 'a first config.yaml from a running cluster, and what else is needed',
    arguments: [
      {
        name: 'endpoint',
        kind: 'option',
        required: true,
        repeatable: true,
        placeholder: '<url>',
        description: 'a client URL of a member that runs, e.g. https://10.0.0.31:2379; may be said more than once',
      },
      { name: 'name', kind: 'option', required: true, description: 'how the cluster is to be called, e.g. prod' },
      { name: 'ca', kind: 'option', required: false, placeholder: '<file>', description: "the CA of etcd's certificates" },
      { name: 'cert', kind: 'option', required: false, placeholder: '<file>', description: 'a client certificate that etcd takes' },
      { name: 'key', kind: 'option', required: false, placeholder: '<file>', description: 'its key' },
      {
        name: 'ssh-user',
        kind: 'option',
        required: false,
        placeholder: '<user>',
        description: "the bot's user on the hosts; etcdops when not given",
      },
      {
        name: 'out',
        kind: 'option',
        required: false,
        placeholder: '<directory>',
        description: 'where to write; /etc/etcd-medic when not given',
      },
      {
        name: 'known-host',
        kind: 'option',
        required: false,
        repeatable: true,
        placeholder: '<line>',
        description: "a host's key as the kit printed it there; may be said more than once",
      },
      {
        name: 'known-hosts',
        kind: 'option',
        required: false,
        placeholder: '<file>',
        description: 'a file with what the kit printed on the hosts',
      },
    ],
  },
  {
    id: 'kit',
    summary: 'a script for root that prepares a host for the bot',
    arguments: [clusterArgument, member, from, allow, root, remove],
  },
  {
    id: 'doctor',
    summary: 'whether all is ready for an incident, of all clusters or one: needs neither Slack nor Redis for the hosts',
    arguments: [{ ...clusterArgument, required: false, description: 'only this one' }],
  },
] as const satisfies readonly Declared[];

/** One of the desk's own words. */
export type DeskWord = (typeof deskWords)[number]['id'];

/** The option every procedure has. */
export const planOption: ArgumentSpec = {
  name: 'plan',
  kind: 'flag',
  required: false,
  description: 'show the plan and the facts; change nothing',
};

/** A verb as the grammar sees it: the cluster or run it is about first, then its own arguments, and `--plan` when it acts. */
export function declaredOf(verb: Verb): Declared {
  const plan = verb.type === 'procedure' ? [planOption] : [];
  return { id: verb.id, summary: verb.summary, arguments: [verb.about === 'run' ? run : clusterArgument, ...verb.arguments, ...plan] };
}

/** What stands between `<` and `>` in the usage: `member`, `id|latest`. */
export function placeholderOf({ name, placeholder = name }: ArgumentSpec): string {
  return /[<[]([^<>[\]]+)[>\]]/.exec(placeholder)?.[1] ?? placeholder;
}

/** The option as typed: `--while-healthy`. */
export function flagOf({ name }: ArgumentSpec): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Whether an argument names a member of the cluster: then the grammar knows which there are. */
export function isMember(spec: ArgumentSpec): boolean {
  return spec.name === 'member' || placeholderOf(spec) === 'member';
}

/** `restore <cluster> [--snapshot <id|latest>] [--plan]` */
export function usageOf({ id, arguments: specs }: Declared): string {
  return [id, ...specs.map(usageWord)].join(' ');
}

function usageWord(spec: ArgumentSpec): string {
  const value = `<${placeholderOf(spec)}>`;
  const word = spec.kind === 'positional' ? value : spec.kind === 'flag' ? flagOf(spec) : `${flagOf(spec)} ${value}`;
  if (spec.required) return word;
  return spec.kind === 'positional' ? `[${value.slice(1, -1)}]` : `[${word}]`;
}
