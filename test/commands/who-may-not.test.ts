/** Every word and every button, said by each kind of person who may not: refused, and nothing is passed on. And docs/permissions.md says the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import type { Person, Reply } from '../../src/commands/reply.ts';
import { declaredOf, deskWords, placeholderOf } from '../../src/commands/words.ts';
import type { Declared, DeskWord } from '../../src/commands/words.ts';
import type { Decision } from '../../src/engine/journal.ts';
import { verbs } from '../../src/procedures/index.ts';
import { gateActions } from '../../src/slack/blocks/actions.ts';
import { choiceGate, choosing, recovery } from '../slack/crossroads.ts';
import { fakeClock, fakeRuns, gate, journalOf, request } from '../slack/fakes.ts';
import { failed, waiting } from '../slack/story.ts';
import { person } from './open-desk.ts';

/** What one must be allowed to for a word. */
type Right = 'none' | 'read' | 'operate' | 'say no' | 'approve' | 'break the glass';

/** A new word of the desk does not compile before it stands here. */
const rightOf: Readonly<Record<DeskWord, Right>> = {
  help: 'none',
  clusters: 'none',
  whoami: 'none',
  runs: 'read',
  show: 'read',
  'verify-journal': 'read',
  'cancel-break-glass': 'read',
  reject: 'say no',
  retry: 'say no',
  abort: 'say no',
  choose: 'say no',
  approve: 'approve',
  'break-glass': 'break the glass',
};

const words: readonly { readonly declared: Declared; readonly right: Right }[] = [
  ...verbs.map((verb) => ({ declared: declaredOf(verb), right: verb.permission })),
  ...deskWords.map((declared) => ({ declared, right: rightOf[declared.id] })),
];

/** People by what they lack; each has every other right there is. */
const lacking: readonly (readonly [string, Person, readonly Right[]])[] = [
  ['is on no list', person('U0MALLORY'), ['read', 'operate', 'say no', 'approve', 'break the glass']],
  ['is a reader alone', person('U0READER'), ['operate', 'say no', 'approve', 'break the glass']],
  ['is an operator alone', person('U0OPERATOR'), ['approve', 'break the glass']],
  ['is an approver alone', person('U0BOB'), ['operate', 'break the glass']],
  ['asked for the run', person('U0ALICE'), ['approve']],
  ...(['U0ALICE', 'U0BOB'] as const).flatMap((id) => [
    [
      `is ${id} of another team`,
      person(id, { team: 'T0OTHER' }),
      ['none', 'read', 'operate', 'say no', 'approve', 'break the glass'],
    ] as const,
    [
      `is ${id} of a team that is not told`,
      person(id, { team: '' }),
      ['none', 'read', 'operate', 'say no', 'approve', 'break the glass'],
    ] as const,
    [
      `is ${id} in another channel`,
      person(id, { channel: { id: 'C0RANDOM', name: 'random' } }),
      ['read', 'operate', 'say no', 'approve', 'break the glass'],
    ] as const,
  ]),
];

const clusters = {
  prod: {
    channels: ['C0INCIDENT'],
    readers: ['U0READER'],
    operators: ['U0ALICE', 'U0OPERATOR'],
    approvers: ['U0BOB', 'U0ALICE'],
    approvals: { breakGlass: { people: ['U0ALICE'], delay: 300_000 } },
    members: { etcd01: {}, etcd02: {}, etcd03: {} },
  },
} as never;

function openAt(events: Parameters<typeof journalOf>[0], asked = request()) {
  const runs = fakeRuns();
  runs.put(asked, journalOf(events));
  const permissions = createAccess({ clusters, groups: { membersOf: async () => new Set() }, homeTeam: () => 'T0HOME' });
  const desk = createDesk({ verbs, clusters, permissions, runs: runs.runs, clock: fakeClock('2026-11-22T03:20:00.000Z') });
  return { desk, runs };
}

/** Where each word fits, so that nothing but the permission can refuse it. */
const storyOf = (word: string) => {
  if (word === 'retry') return { events: failed, asked: request() };
  if (word === 'choose') return { events: choosing, asked: recovery() };
  return { events: waiting, asked: request() };
};

const samples: Readonly<Record<string, string>> = {
  cluster: 'prod',
  key: '/etcd-medic/try',
  value: 'test',
  reason: 'alone',
  verb: 'status',
  option: 'start',
  code: '',
};

function lineOf({ id, arguments: specs }: Declared, run: string): string {
  const said = specs.flatMap((spec) => {
    if (spec.name === 'run') return [run];
    if (spec.kind !== 'positional' || (!spec.required && id !== 'runs'))
      return spec.kind === 'option' && spec.required ? [`--${spec.name}`, '1'] : [];
    return [samples[spec.name] ?? (placeholderOf(spec).includes('member') ? 'etcd02' : 'test')];
  });
  return [id, ...said].filter(Boolean).join(' ');
}

const isRefused = (reply: Reply) => reply.kind === 'refused' && reply.code === 'NOT_ALLOWED';

describe.each(lacking)('who %s', (_who, by, rights) => {
  it.each(words.filter(({ right }) => rights.includes(right)).map(({ declared }) => [declared.id, declared] as const))(
    'may not say `%s`',
    async (id, declared) => {
      const { events, asked } = storyOf(id);
      const { desk, runs } = openAt(events, asked);

      const reply = await desk.take({ words: lineOf(declared, asked.runId), prefix: '/etcd' }, by);

      expect(reply, lineOf(declared, asked.runId)).toSatisfy(isRefused);
      expect(runs.calls).toEqual([]);
    },
  );

  const buttons = (Object.keys(gateActions) as (keyof typeof gateActions)[]).filter((verdict) => rights.includes(rightOf[verdict]));
  it.each(buttons)('may not press the button `%s`', async (verdict) => {
    const { events, asked } = storyOf(verdict);
    const { desk, runs } = openAt(events, asked);
    const { gateId, digest } =
      verdict === 'choose' ? choiceGate() : verdict === 'retry' ? gate({ gateId: `${asked.runId}.2`, digest: 'f'.repeat(64) }) : gate();
    const option = verdict === 'choose' ? { option: 'start' } : {};

    expect(await desk.click({ gateId, digest, verdict, ...option, typed: 'prod' }, by)).toSatisfy(isRefused);
    expect(runs.calls).toEqual([]);
  });
});

describe('what anybody of the team may ask', () => {
  const { desk } = openAt(waiting);
  const mallory = person('U0MALLORY');

  it.each(['help', 'help restart', 'clusters', 'whoami', 'runs', 'restart prod nowhere'])(
    '`%s` names no member and no run of a cluster with readers',
    async (line) => {
      const reply = JSON.stringify(await desk.take({ words: line, prefix: '/etcd' }, mallory));

      expect(reply).not.toMatch(/etcd01|etcd02|restore-prod-7f3a9c(?!`)/);
    },
  );
});

describe('each word is let through for who may', () => {
  const all: Readonly<Record<Right, Person>> = {
    none: person('U0MALLORY'),
    read: person('U0READER'),
    operate: person('U0OPERATOR'),
    'say no': person('U0BOB'),
    approve: person('U0BOB'),
    'break the glass': person('U0ALICE'),
  };

  it.each(words.map(({ declared, right }) => [declared.id, right, declared] as const))(
    '`%s`, for who may %s',
    async (id, right, declared) => {
      const { events, asked } = storyOf(id);
      const { desk } = openAt(events, asked);

      expect(await desk.take({ words: lineOf(declared, asked.runId), prefix: '/etcd' }, all[right])).not.toSatisfy(isRefused);
    },
  );
});

describe('docs/permissions.md', () => {
  const rows = readFileSync('docs/permissions.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|')[1] ?? '');
  const named = rows.flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, word = '']) => word));
  const idsOf = (right: Right) => words.filter((one) => one.right === right).map(({ declared }) => declared.id);
  const rowOf = (word: string) => rows.find((cell) => cell.includes(`\`${word}\``)) ?? '';

  it.each<Right>(['none', 'read', 'operate', 'say no', 'approve', 'break the glass'])(
    'lists together what takes the right to %s, and no more',
    (right) => {
      const [first = '', ...others] = idsOf(right);

      expect(
        [...rowOf(first).matchAll(/`([a-z0-9-]+)`/g)].map(([, word]) => word).filter((word) => word !== 'read' && word !== 'operate'),
      ).toEqual([first, ...others]);
    },
  );

  it('lists every word once', () => {
    const ids = words.map(({ declared }) => declared.id).toSorted();

    expect(named.filter((word) => word !== 'read' && word !== 'operate').toSorted()).toEqual(ids);
  });
});

/** A button without a verdict the desk knows would not be pressed above. */
const verdictsWithButtons = Object.keys(gateActions) as Decision['verdict'][];
it('every button is a word too', () => {
  expect(verdictsWithButtons.every((verdict) => verdict in rightOf)).toBe(true);
});
