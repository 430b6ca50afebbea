/** The grammar: words become a request that the desk can carry out, or a sentence that says what is wrong with them. */
import type { z } from 'zod';
import { ClusterName, RunId } from '../ids.ts';
import { OpsError } from '../errors.ts';
import { isGateCode } from '../engine/gate-code.ts';
import type { ArgumentSpec, Verb } from '../procedures/procedure.ts';
import { mistake, readWords } from './grammar.ts';
import type { Values } from './grammar.ts';
import { didYouMean, nearest, quoted } from './nearest.ts';
import { bareId, splitWords } from './normalise.ts';
import { declaredOf, deskWords, flagOf, isMember, planOption, setUpWords } from './words.ts';
import type { Declared, DeskWord } from './words.ts';

/** The names the grammar knows: each cluster with its members. */
export type KnownClusters = Readonly<Record<string, { readonly members: Readonly<Record<string, unknown>> }>>;

/** What the words are read against. */
export interface Grammar {
  readonly verbs: readonly Verb[];
  readonly clusters: KnownClusters;
  /** The run whose thread the words were said in; it need not be named. */
  readonly run?: RunId;
}

/** A run, and the code of one of its cards when it was typed. */
interface AtCard {
  readonly run: RunId;
  readonly code?: string;
}

/** A command, understood. */
export type Command =
  | { readonly kind: 'run'; readonly verb: Verb; readonly cluster: ClusterName; readonly input: unknown; readonly mode: 'execute' | 'plan' }
  | { readonly kind: 'query'; readonly verb: Verb; readonly cluster: ClusterName; readonly input: unknown; readonly mode: 'execute' }
  | { readonly kind: 'help'; readonly verb?: string }
  | { readonly kind: 'clusters' }
  | { readonly kind: 'runs'; readonly cluster?: ClusterName }
  | { readonly kind: 'show'; readonly run: RunId; readonly journal: boolean }
  | { readonly kind: 'verify'; readonly run: RunId; readonly head?: string }
  | ({ readonly kind: 'decide'; readonly verdict: 'approve'; readonly typed?: string } & AtCard)
  | ({ readonly kind: 'decide'; readonly verdict: 'reject' | 'retry' | 'cancel-break-glass' } & AtCard)
  /** The name of the cluster, where the gate asks for it, and then the reason: which is which the gate tells. */
  | ({ readonly kind: 'break-glass'; readonly words: readonly string[] } & AtCard)
  | ({ readonly kind: 'decide'; readonly verdict: 'choose'; readonly option: string } & AtCard)
  | ({ readonly kind: 'abort' } & AtCard)
  | { readonly kind: 'whoami' };

/**
 * Reads one line.
 * @throws OpsError INPUT_INVALID; its message names the mistake and the nearest right word, its hint the usage
 */
export function parseCommand(line: string, grammar: Grammar): Command {
  return parseWords(splitWords(line), grammar);
}

/** Reads words that a shell has split already. @throws as `parseCommand` */
export function parseWords(words: readonly string[], grammar: Grammar): Command {
  const [first, ...rest] = words;
  if (first === undefined) return { kind: 'help' };
  const word = bareId(first).toLowerCase();
  if (/^-*(?:help|h)$/.test(word)) return helpOf(rest, grammar);
  const verb = grammar.verbs.find(({ id }) => id === word);
  const desk = deskWords.find(({ id }) => id === word);
  if ((verb ?? desk) === undefined) throw unknownVerb(first, grammar);
  if (rest.some((one) => one === '--help' || one === '-h')) return { kind: 'help', verb: word };
  if (verb !== undefined) return readVerb(verb, rest, grammar);
  return readDeskWord(desk?.id ?? 'help', rest, grammar);
}

function helpOf(rest: readonly string[], grammar: Grammar): Command {
  const asked = rest[0] === undefined ? undefined : bareId(rest[0]).toLowerCase();
  if (asked === undefined) return { kind: 'help' };
  if (![...grammar.verbs, ...deskWords, ...setUpWords].some(({ id }) => id === asked)) throw unknownVerb(rest[0] ?? '', grammar);
  return { kind: 'help', verb: asked };
}

function unknownVerb(word: string, { verbs, clusters }: Grammar): OpsError {
  if (setUpWords.some(({ id }) => id === bareId(word).toLowerCase()))
    return new OpsError('INPUT_INVALID', `${quoted(word)} is a word of the terminal on the bot's machine: \`etcd-medic ${word}\`.`);
  const known = [...verbs, ...deskWords].map(({ id }) => id);
  const swapped = Object.hasOwn(clusters, word)
    ? ` ${quoted(word)} is a cluster; the verb comes first: \`status ${word}\`.`
    : didYouMean(bareId(word), known);
  return new OpsError('INPUT_INVALID', `There is no verb ${quoted(word)}.${swapped}`, { hint: '`help` lists the verbs.' });
}

function readVerb(verb: Verb, words: readonly string[], { verbs, clusters, run: threadsRun }: Grammar): Command {
  const declared = declaredOf(verb);
  const values = readWords(declared, verb.type === 'query' ? withoutPlan(words) : withRun(declared, words, threadsRun));
  const run = verb.about === 'run' ? runOf(values, declared) : undefined;
  const cluster = run === undefined ? clusterOf(values['cluster'], declared, clusters) : clusterOfRun(run, declared, { verbs, clusters });
  const own = Object.fromEntries(
    verb.arguments.flatMap((spec) => {
      const value = values[spec.name];
      if (value === undefined) return [];
      return [[spec.name, isMember(spec) && typeof value === 'string' ? memberOf(value, cluster, declared, clusters) : value]];
    }),
  );
  const input = verb.input.safeParse(run === undefined ? own : { ...own, run });
  if (!input.success) throw mistake(declared, inputSentence(input.error));
  if (verb.type === 'query') return { kind: 'query', verb, cluster, input: input.data, mode: 'execute' };
  return { kind: 'run', verb, cluster, input: input.data, mode: values[planOption.name] === true ? 'plan' : 'execute' };
}

/** A question changes nothing, so its plan is its answer: `--plan` may always be said. */
function withoutPlan(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  return words.filter((word, index) => word !== flagOf(planOption) || (end !== -1 && index > end));
}

function readDeskWord(word: DeskWord, words: readonly string[], { clusters, run }: Grammar): Command {
  const declared: Declared = deskWords.find(({ id }) => id === word) ?? deskWords[0];
  if (word === 'break-glass') return breakGlassOf(declared, words, run);
  const values = readWords(declared, declared.arguments.some(isCode) ? withCode(declared, words, run) : withRun(declared, words, run));
  switch (word) {
    case 'help':
    case 'clusters':
    case 'whoami':
      return { kind: word };
    case 'runs':
      return values['cluster'] === undefined
        ? { kind: 'runs' }
        : { kind: 'runs', cluster: clusterOf(values['cluster'], declared, clusters) };
    case 'show':
      return { kind: word, run: runOf(values, declared), journal: values['journal'] === true };
    case 'verify-journal':
      return { kind: 'verify', run: runOf(values, declared), ...headOf(values, declared) };
    case 'abort':
      return { kind: word, ...cardOf(values, declared) };
    case 'approve':
      return { kind: 'decide', verdict: word, ...cardOf(values, declared), ...typedOf(values) };
    case 'reject':
    case 'retry':
    case 'cancel-break-glass':
      return { kind: 'decide', verdict: word, ...cardOf(values, declared) };
    case 'choose':
      return { kind: 'decide', verdict: word, option: optionOf(values), ...cardOf(values, declared) };
    default:
      return word satisfies never;
  }
}

/** A reason is prose: what looks like an option in it is none. */
function breakGlassOf(declared: Declared, words: readonly string[], run: RunId | undefined): Command {
  const named = namesRun(words[0]) || run === undefined ? words : [run, ...words];
  if (named.length === 0) throw mistake(declared, 'Which run, and why?');
  const [, ...rest] = named;
  const code = codeIn(rest[0] ?? '');
  const said = code === undefined ? { words: rest } : { code, words: rest.slice(1) };
  return { kind: 'break-glass', run: runOf({ run: named[0] ?? '' }, declared), ...said };
}

function isCode({ name }: ArgumentSpec): boolean {
  return name === 'code';
}

function codeIn(word: string): string | undefined {
  const bare = bareId(word).toLowerCase();
  return isGateCode(bare) ? bare : undefined;
}

/** A code is known by its form, so it may stand anywhere; what begins with a digit and is none is a code that was mistyped. */
function withCode(declared: Declared, words: readonly string[], run: RunId | undefined): readonly string[] {
  const codes = words.flatMap((word) => codeIn(word) ?? []);
  const wrong = words.find((word) => /^[0-9]/.test(word) && codeIn(word) === undefined);
  if (wrong !== undefined) throw mistake(declared, `${quoted(wrong)} is no code of a card: a code is a digit and a letter, like \`7k\`.`);
  if (codes.length > 1) throw mistake(declared, 'Two codes were typed; a word answers one card.');
  const others = words.filter((word) => codeIn(word) === undefined);
  const [first, ...rest] = withRun({ ...declared, arguments: declared.arguments.filter((spec) => !isCode(spec)) }, others, run);
  return first === undefined ? [] : [first, codes[0] ?? '', ...rest];
}

function cardOf(values: Values, declared: Declared): AtCard {
  const code = String(values['code'] ?? '');
  return { run: runOf(values, declared), ...(code !== '' && { code }) };
}

function namesRun(word: string | undefined): boolean {
  return word !== undefined && RunId.safeParse(bareId(word).toLowerCase()).success;
}

/** Inside its thread a run need not be named; a word that is a run id is one all the same. */
function withRun({ arguments: specs }: Declared, words: readonly string[], run: RunId | undefined): readonly string[] {
  const bare = words.filter((word) => !word.startsWith('--'));
  const isShort = bare.length < specs.filter(({ kind }) => kind === 'positional').length || words[0]?.startsWith('--') === true;
  const missing = specs[0]?.name === 'run' && isShort && !words.some((word) => namesRun(word));
  return missing && run !== undefined ? [run, ...words] : words;
}

/** As it was typed: a name that is nearly right is not the name. */
function typedOf(values: Values): { readonly typed?: string } {
  return values['cluster'] === undefined ? {} : { typed: String(values['cluster']) };
}

function optionOf(values: Values): string {
  return bareId(String(values['option'] ?? '')).toLowerCase();
}

function clusterOf(value: Values[string] | undefined, declared: Declared, clusters: KnownClusters): ClusterName {
  const word = bareId(String(value ?? '')).toLowerCase();
  const name = ClusterName.safeParse(word);
  if (name.success && Object.hasOwn(clusters, name.data)) return name.data;
  const names = Object.keys(clusters);
  throw mistake(declared, `There is no cluster ${quoted(String(value ?? ''))}.${didYouMean(word, names) || ` There is ${list(names)}.`}`);
}

/** A member as configured; phones write a capital first. */
function memberOf(value: string, cluster: ClusterName, declared: Declared, clusters: KnownClusters): string {
  const names = Object.keys(clusters[cluster]?.members ?? {});
  const word = names.includes(value) ? value : bareId(value);
  const found = names.find((name) => name === word) ?? names.find((name) => name.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(word, names);
  throw mistake(
    declared,
    `${cluster} has no member ${quoted(value)}.${near === undefined ? '' : ` Did you mean \`${near}\`?`} Its members: ${list(names)}.`,
    cluster,
  );
}

function runOf(values: Values, declared: Declared): RunId {
  const typed = String(values['run'] ?? '');
  const run = RunId.safeParse(bareId(typed).toLowerCase());
  if (run.success) return run.data;
  throw mistake(declared, `${quoted(typed)} is no run id: a run id looks like \`restore-prod-7f3a9c\`. \`runs\` lists them.`);
}

function headOf({ head }: Values, declared: Declared): { readonly head?: string } {
  if (head === undefined) return {};
  const hash = bareId(String(head)).toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hash)) return { head: hash };
  throw mistake(declared, `${quoted(String(head))} is no head of a journal: it is a sha256, 64 hexadecimal digits, all of them.`);
}

/** A run's id holds its procedure and its cluster; both may hold dashes, so it is read against those there are. */
function clusterOfRun(run: RunId, declared: Declared, { verbs, clusters }: Pick<Grammar, 'verbs' | 'clusters'>): ClusterName {
  const named = run.replace(/-[0-9a-f]{6}$/, '');
  const found = Object.keys(clusters).find((cluster) => verbs.some(({ id }) => `${id}-${cluster}` === named));
  if (found !== undefined) return ClusterName.parse(found);
  throw mistake(declared, `${quoted(run)} is a run on no cluster that is known here; there is ${list(Object.keys(clusters))}.`);
}

function inputSentence(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}.`.replace(/\.\.$/, '.'))
    .join(' ');
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `\`${name}\``);
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(', ');
}
