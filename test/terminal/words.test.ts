/** The exit code of every word: when it is said as it should be, by who may; when it is said wrongly; by who may not; and without Redis. */
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import { deskWords } from '../../src/commands/words.ts';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { verbs } from '../../src/procedures/index.ts';
import { createLines } from '../../src/terminal/output.ts';
import { showReply } from '../../src/terminal/reply.ts';
import type { Waiting } from '../../src/terminal/reply.ts';
import { alice, bob, mallory } from '../commands/open-desk.ts';
import { choosing } from '../slack/crossroads.ts';
import { fakeClock, fakeRuns, journalOf, request } from '../slack/fakes.ts';
import { glassUsed } from '../slack/glass.ts';
import { ended, failed, waiting } from '../slack/story.ts';

interface Row {
  /** As it should be said. */
  readonly right: string;
  /** The run that stands there. */
  readonly at?: readonly JournalEvent[];
  readonly by?: typeof alice;
  /** What nobody needs a right for. */
  readonly forAll?: true;
  /** Needs no Redis. */
  readonly withoutRedis?: true;
  /** Where everything is right and the word does not count all the same. */
  readonly code?: number;
}

const run = request();
const { runId } = run;
const chosen = request({ runId: 'recover-quorum-prod-7f3a9c' as never, procedure: 'recover-quorum' });

const rows: Readonly<Record<string, Row>> = {
  approve: { right: `approve ${runId}`, at: waiting, by: bob },
  reject: { right: `reject ${runId}`, at: waiting, by: bob },
  retry: { right: `retry ${runId}`, at: failed },
  abort: { right: `abort ${runId}`, at: waiting },
  choose: { right: `choose ${chosen.runId} start`, at: choosing },
  'break-glass': { right: `break-glass ${runId} alone on call`, at: waiting },
  // Nobody has broken the glass of this run in Redis: the word comes to nothing.
  'cancel-break-glass': { right: `cancel-break-glass ${runId}`, at: glassUsed, code: 1, forAll: true },
  show: { right: `show ${runId} --journal`, at: ended },
  'verify-journal': { right: `verify-journal ${runId}`, at: ended },
  runs: { right: 'runs prod', at: ended },
  clusters: { right: 'clusters', forAll: true, withoutRedis: true },
  whoami: { right: 'whoami', forAll: true, withoutRedis: true },
  help: { right: 'help restore', forAll: true, withoutRedis: true },
  ...Object.fromEntries(verbs.map(({ id }) => [id, { right: rightOf(id), ...(id === 'undo' && { at: ended }) }])),
};

/** The words that a verb must have, beside the cluster. */
function rightOf(id: string): string {
  const more: Readonly<Record<string, string>> = {
    put: 'prod /etcd-medic/x one',
    get: 'prod /etcd-medic/x',
    'replace-member': 'prod etcd03',
    'move-leader': 'prod etcd02',
    undo: runId,
  };
  return `${id} ${more[id] ?? 'prod'}`;
}

async function codeOf(words: string, { at = [], by = alice }: Pick<Row, 'at' | 'by'>, isDown = false): Promise<number> {
  const lists = { channels: ['C0INCIDENT'], readers: ['U0ALICE'], operators: ['U0ALICE'], approvers: ['U0BOB'] };
  const members = { etcd01: {}, etcd02: {}, etcd03: {} };
  const clusters = { prod: { ...lists, members, approvals: { breakGlass: { people: ['U0ALICE'], delay: 300_000 } } } } as never;
  const runs = fakeRuns();
  if (at.length > 0) runs.put(at === choosing ? chosen : run, journalOf(at));
  if (isDown) runs.fall();
  const permissions = createAccess({ clusters, groups: { membersOf: async () => new Set() }, homeTeam: () => undefined });
  const clock = fakeClock('2026-11-22T03:20:00.000Z');
  const desk = createDesk({ verbs, clusters, permissions, runs: runs.runs, clock });
  const waits: Waiting = {
    followed: async () => ({ state: 'ended', outcome: 'completed' }),
    answered: async () => ({ state: 'answered', answer: { headline: 'h', parts: [] } }),
  };
  const output = createLines({ print: () => undefined, complain: () => undefined });
  return await showReply(await desk.take({ words, prefix: 'etcd-medic' }, { ...by, via: 'terminal' }), output, waits);
}

describe('the exit codes of docs/terminal.md', () => {
  it('are tried for every word but those that need no queue, which have tests of their own', () => {
    expect(Object.keys(rows).toSorted()).toEqual([...deskWords, ...verbs].map(({ id }) => id).toSorted());
  });

  it.each(Object.entries(rows))('%s', async (word, row) => {
    const { right, forAll, withoutRedis, code = 0 } = row;

    expect(await codeOf(right, row), 'as it should be said').toBe(code);
    // A reason is prose, and help explains what comes first.
    if (word !== 'break-glass' && word !== 'help')
      expect(await codeOf(`${right} --nonsense`, row), 'with an option that there is not').toBe(64);
    if (forAll !== true) expect(await codeOf(right, { ...row, by: mallory }), 'by who may not').toBe(77);
    if (withoutRedis !== true) expect(await codeOf(right, row, true), 'without Redis').toBe(69);
  });
});
