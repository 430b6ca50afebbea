/** The help, generated from what verbs declare of themselves. */
import type { Answer, AnswerPart } from '../procedures/answer.ts';
import type { Verb } from '../procedures/procedure.ts';
import { declaredOf, deskWords, flagOf, isMember, placeholderOf, setUpWords, usageOf } from './words.ts';
import type { Declared } from './words.ts';
import type { KnownClusters } from './parse.ts';

interface HelpDeps {
  readonly verbs: readonly Verb[];
  readonly clusters: KnownClusters;
  /** What stands before the words: `/etcd`, or `etcd-medic` in a terminal. */
  readonly prefix: string;
}

/** All verbs, one line each. */
export function helpAll({ verbs, prefix }: HelpDeps): Answer {
  const looking = verbs.filter(({ type }) => type === 'query');
  const acting = verbs.filter(({ type }) => type === 'procedure');
  const parts: AnswerPart[] = [
    section('Look', looking.map(declaredOf)),
    section('Act (behind approvals where it destroys)', acting.map(declaredOf)),
    section('Runs', deskWords),
    ...(prefix === 'etcd-medic' ? [section('Set up', setUpWords)] : []),
  ];
  return {
    headline: `${prefix} <verb> <cluster> [words] [--options]`,
    parts,
    next: `\`${prefix} help <verb>\` explains one; \`--plan\` on any that acts shows what it would do and changes nothing.`,
  };
}

/** One verb: its usage, its options, an example. An unknown verb gets the whole list. */
export function helpOn(id: string, deps: HelpDeps): Answer {
  const verb = deps.verbs.find((one) => one.id === id);
  const own: readonly Declared[] = [...deskWords, ...setUpWords];
  const declared = verb === undefined ? own.find((one) => one.id === id) : declaredOf(verb);
  if (declared === undefined) return helpAll(deps);
  const rows = declared.arguments.map((spec) => [
    spec.kind === 'positional'
      ? `<${placeholderOf(spec)}>`
      : usageOf({ id: '', summary: '', arguments: [{ ...spec, required: true }] }).trim(),
    spec.description,
  ]);
  const who =
    verb === undefined
      ? []
      : [
          {
            type: 'sentence' as const,
            text:
              verb.permission === 'read'
                ? 'Anyone in a channel of the cluster may ask; where it has `readers`, only they, its operators and its approvers.'
                : "The cluster's operators may ask.",
          },
        ];
  return {
    headline: `${declared.id}: ${declared.summary}`,
    parts: [
      { type: 'verbatim', text: `${deps.prefix} ${usageOf(declared)}` },
      ...(rows.length === 0 ? [] : [{ type: 'verbatim' as const, text: columns(rows) }]),
      ...who,
      { type: 'sentence', text: `For example: \`${deps.prefix} ${exampleOf(declared, deps.clusters)}\`` },
    ],
  };
}

function section(title: string, declared: readonly Declared[]): AnswerPart {
  return { type: 'verbatim', text: `${title}\n${columns(declared.map((one) => [briefUsage(one), one.summary]))}` };
}

/** One line a verb: its options are in its own help, so that the list stays readable on a phone. */
function briefUsage(declared: Declared): string {
  return usageOf({ ...declared, arguments: declared.arguments.filter(({ kind }) => kind === 'positional') });
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([first = '']) => first.length));
  return rows.map(([first = '', second = '']) => `  ${first.padEnd(width)}  ${second}`.trimEnd()).join('\n');
}

function exampleOf(declared: Declared, clusters: KnownClusters): string {
  const [cluster = 'prod', { members } = { members: {} }] = Object.entries(clusters)[0] ?? [];
  const member = Object.keys(members).at(-1) ?? 'etcd03';
  const samples: Readonly<Record<string, string>> = {
    cluster,
    run: `restore-${cluster}-7f3a9c`,
    code: '7k',
    verb: 'restore',
    option: 'start',
    reason: 'alone on call, prod is down',
    key: '/name/1',
    value: 'test',
    from: '10.0.0.5',
    allow: 'look,stop-and-start,restore',
    endpoint: 'https://10.0.0.31:2379',
    name: 'prod',
    'ssh-user': 'etcdops',
    out: '/etc/etcd-medic',
    'known-host': "'10.0.0.31 ssh-ed25519 AAAA…'",
    'known-hosts': 'said-by-the-kit.txt',
  };
  const files: Readonly<Record<string, string>> = { ca: 'ca.pem', cert: 'root.pem', key: 'root-key.pem' };
  const words = declared.arguments.flatMap((spec) => {
    if (!spec.required && spec.kind !== 'option' && spec.name !== 'code') return [];
    const sample = (placeholderOf(spec) === 'file' ? files[spec.name] : undefined) ?? samples[spec.name];
    const value = isMember(spec) ? member : (sample ?? placeholderOf(spec).split('|').at(-1) ?? '');
    if (spec.kind === 'positional') return [value];
    return spec.kind === 'flag' ? [flagOf(spec)] : [flagOf(spec), value];
  });
  return [declared.id, ...words].join(' ');
}
