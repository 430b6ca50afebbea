/** A procedure with a choice, an attestation and a destruction, killed at every place. */
import { expect } from 'vitest';
import { z } from 'zod';
import { fails, holds } from '../../src/engine/finding.ts';
import { attest, change, check, choose, destroy } from '../../src/engine/step.ts';
import { defineProcedure } from '../../src/procedures/procedure.ts';
import type { World } from '../../src/procedures/world.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from '../procedures/crash-points.ts';

const done = (world: World, effect: string) => (world as FakeWorld).effects.log.includes(effect);
const act = async (world: World, effect: string) => {
  (world as FakeWorld).effects.perform(effect, { whole: () => !done(world, effect) });
};
const when = (condition: boolean) => (condition ? holds() : fails('not yet'));

const crossroads = defineProcedure({
  id: 'crossroads',
  summary: 'ask which way, ask for a word, and go',
  permission: 'operate',
  exclusive: true,
  arguments: [],
  input: z.object({}),
  prepared: z.object({}),
  prepare: async () => ({ prepared: {}, summary: 'a crossroads' }),
  steps: (_prepared, world, choices) => [
    check('look', 'Look', async () => holds()),
    choose('which-way', 'Choose the way', {
      offer: async () => ({
        question: 'Which way?',
        facts: { down: '2' },
        options: [
          { id: 'short', title: 'The short way', detail: 'Loses nothing.', possible: true },
          { id: 'survivor', title: 'The long way', detail: 'Loses the others.', possible: true },
        ],
      }),
    }),
    ...(choices['which-way'] === 'survivor'
      ? [
          attest('gone', 'Attest that the others are gone', {
            needed: async () => fails('That cannot be seen from here.'),
            states: 'The others are gone.',
            facts: async () => ({ others: 'silent' }),
          }),
          destroy('remove', 'Remove the others', {
            plan: async () => [{ on: 'etcd01', argv: ['remove'] }],
            loses: 'the others',
            blastRadius: 'quorumLoss',
            requires: async () => holds(),
            facts: async () => ({}),
            run: () => act(world, 'remove others'),
            verify: async () => when(done(world, 'remove others')),
          }),
        ]
      : []),
    change('go', 'Go', {
      plan: async () => [{ on: 'etcd01', argv: ['go'] }],
      run: () => act(world, `go ${choices['which-way']}`),
      verify: async () => when(done(world, `go ${choices['which-way']}`)),
    }),
  ],
  abandon: async (_prepared, world, choices) => {
    await act(world, `leave after ${choices['which-way'] ?? 'no choice'}`);
    return 'Left.';
  },
});

const by =
  (option: string | undefined, approval: 'approve' | 'reject' = 'approve'): Answers =>
  (gate) => {
    if (gate.kind === 'choice') return option === undefined ? 'silence' : { choose: option };
    return gate.kind === 'approval' ? approval : undefined;
  };
const journalled = (world: FakeWorld) => world.effects.log.filter((effect) => !effect.startsWith('journal'));
const ways: readonly [Answers, 'completed' | 'rejected' | 'expired', readonly string[]][] = [
  [by('survivor'), 'completed', ['remove others', 'go survivor']],
  [by('short'), 'completed', ['go short']],
  [by('survivor', 'reject'), 'rejected', ['leave after survivor']],
  [by(undefined), 'expired', ['leave after no choice']],
];

for (const [answers, outcome, effects] of ways) {
  describeCrashPoints({
    procedure: crossroads,
    world: fakeWorld,
    answers,
    gated: ['remove'],
    outcome,
    restored: (world) => expect(journalled(world)).toEqual(effects),
  });
}
