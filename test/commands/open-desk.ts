/** A desk over runs in memory: one operator, two approvers, and somebody on no list. */
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import type { Person } from '../../src/commands/reply.ts';
import { UserId } from '../../src/ids.ts';
import { fakeClock, fakeRuns, journalOf, request } from '../slack/fakes.ts';
import { clusters as known, verbs } from './verbs.ts';

/** An operator, who asked for the runs. */
export const alice = person('U0ALICE');
/** An approver. */
export const bob = person('U0BOB');
/** On no list. */
export const mallory = person('U0MALLORY');

/** A person in the channel of the incident. */
export function person(id: string, overrides: Partial<Person> = {}): Person {
  return { user: UserId.parse(id), channel: { id: 'C0INCIDENT', name: 'inc-etcd' }, team: 'T0HOME', via: 'slack', ...overrides };
}

/** Opens the desk, with a run when its journal is given. `more` is added to what prod's configuration says. */
export function open(events: Parameters<typeof journalOf>[0] = [], asked = request(), more: { readonly readers?: readonly string[] } = {}) {
  const lists = { channels: ['C0INCIDENT'], operators: ['U0ALICE'], approvers: ['U0BOB', 'U0CAROL'] };
  const clusters = {
    prod: { ...lists, ...more, approvals: { breakGlass: { people: ['U0ALICE'], delay: 300_000 } }, members: known.prod.members },
    staging: { ...lists, channels: ['#staging'], members: known.staging.members },
  } as never;
  const runs = fakeRuns();
  const clock = fakeClock('2026-11-22T03:20:00.000Z');
  if (events.length > 0) runs.put(asked, journalOf(events));
  const permissions = createAccess({ clusters, groups: { membersOf: async () => new Set() }, homeTeam: () => 'T0HOME' });
  const desk = createDesk({ verbs, clusters, permissions, runs: runs.runs, clock });
  return { desk, runs, clock, say: (words: string, by: Person = alice) => desk.take({ words, prefix: '/etcd' }, by) };
}
