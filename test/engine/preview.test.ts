/** A plan says whether the run would get past its first steps as things are. */
import { describe, expect, it } from 'vitest';
import { fails, holds } from '../../src/engine/finding.ts';
import { change, check, destroy } from '../../src/engine/step.ts';
import type { Step } from '../../src/engine/step.ts';
import { OpsError } from '../../src/errors.ts';
import { engine } from './engine.ts';

const nothing = async () => [];
const act = (id: string, plan = nothing, done = false) =>
  change(id, id.toUpperCase(), { plan, run: async () => undefined, verify: async () => (done ? holds() : fails('not yet.')) });
const purge = (requires: ReturnType<typeof fails>, done = false) =>
  destroy('purge', 'Delete it', {
    plan: nothing,
    loses: 'it',
    blastRadius: 'general',
    requires: async () => requires,
    facts: async () => ({}),
    run: async () => undefined,
    verify: async () => (done ? holds() : fails('it is there.')),
  });
const preflight = (finding = holds()) => check('preflight', 'Look at every host', async () => finding);
const cannot = () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer.'));

async function planned(...steps: Step[]) {
  const run = engine(steps);
  Object.assign(run.deps.run, { mode: 'plan' });
  await run.once();
  const { steps: seen, outcome, conclusion } = run.view();
  return { outcome, conclusion, stops: seen.filter(({ stops }) => stops === true).map(({ id }) => id) };
}

describe('a plan', () => {
  it('that would stop at its preflight says so at that step and at the end', async () => {
    expect(await planned(preflight(fails('etcd01 has no room.')), act('a'))).toEqual({
      outcome: 'planned',
      stops: ['preflight'],
      conclusion:
        'This was the plan; nothing was changed. As things are now, the same command without --plan would not get past “Look at every host”.',
    });
  });

  it.each<[string, string[], Step[]]>([
    ['that could go', [], [preflight(), act('a'), purge(holds())]],
    [
      'whose later steps find what only earlier ones will have changed',
      [],
      [preflight(), act('a'), preflight(fails('not yet.')), act('b', cannot)],
    ],
    ['whose first act cannot be said', ['a'], [preflight(), act('a', cannot)]],
    ['whose first act is done already', [], [preflight(), act('a', cannot, true)]],
    ['whose destruction would be refused', ['purge'], [preflight(), purge(fails('quorum would go.'))]],
    ['whose destruction is done already', [], [preflight(), purge(fails('quorum would go.'), true)]],
  ])('%s', async (_what, stops, steps) => {
    const ids = steps.map((step, index) => ({ ...step, ...(step.id === 'preflight' && index > 0 && { id: 'later' }) }));

    expect((await planned(...ids)).stops).toEqual(stops);
  });
});
