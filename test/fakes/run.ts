/** Carries a run to its end in memory, as a worker and the people around it would: dies, is taken up again, is answered at its gates. */
import { advance } from '../../src/engine/advance.ts';
import { createCommandLog } from '../../src/engine/command-log.ts';
import type { Decision, Gate, Journal, JournalEntry, RunRequest } from '../../src/engine/journal.ts';
import type { Advance } from '../../src/engine/ports.ts';
import { UserId } from '../../src/ids.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { Crash } from './effects.ts';
import type { FakeWorld } from './world.ts';

/** What a person says at a gate: a word, or at a choice which option. */
type Said = Exclude<Decision['verdict'], 'choose'> | { readonly choose: string };

/** How a gate is answered; undefined: nobody says anything. */
export type Answers = (gate: Gate) => Said | 'silence' | undefined;

/** Says yes to every approval (an attestation is one), and nothing at a failure or a choice. */
export const approveAll: Answers = (gate) => (gate.kind === 'approval' ? 'approve' : undefined);

interface FakeRunDeps {
  readonly procedure: Procedure;
  readonly world: FakeWorld;
  readonly input?: Record<string, unknown>;
  readonly mode?: 'execute' | 'plan';
  readonly required?: number;
}

/** How often a run may be taken up before a test calls it hung. */
const takeUpsMax = 60;

/** A run over a fake world, with its journal. */
export function fakeRun({ procedure, world, input = {}, mode = 'execute', required = 1 }: FakeRunDeps) {
  const entries: JournalEntry[] = [];
  const said = new Map<string, Decision[]>();
  const alice = UserId.parse('U0ALICE');
  const bob = UserId.parse('U0BOB');
  const run: RunRequest = {
    runId: world.runId,
    procedure: procedure.id,
    cluster: world.cluster.name,
    input,
    requester: { user: alice, channel: 'C0INC', via: 'slack' },
    mode,
    requestedAt: world.clock.now().toISOString(),
  };
  const journal: Journal = {
    async append(event) {
      const entry: JournalEntry = { ...event, seq: entries.length, at: world.clock.now().toISOString() };
      // A place to die in as well: before or after the record is made. Through JSON, as the real one goes.
      world.effects.perform(`journal ${event.type}`, {
        whole: () => {
          entries.push(JSON.parse(JSON.stringify(entry)) as JournalEntry);
          return false;
        },
      });
      return entry;
    },
    async entries() {
      world.effects.assertAlive();
      return [...entries];
    },
  };
  const once = (): Promise<Advance> =>
    advance({
      run,
      journal,
      commands: createCommandLog(),
      decisions: { at: async (gateId) => said.get(gateId) ?? [] },
      rules: {
        required: { general: required, quorumLoss: required },
        approvalExpiresAfterMs: 1_800_000,
        failureExpiresAfterMs: 86_400_000,
        mayApprove: async (by) => by !== alice,
        mayBreakGlass: async () => false,
      },
      reporter: { moved: () => undefined, progress: () => undefined },
      clock: world.clock,
      signal: new AbortController().signal,
      abortRequested: async () => undefined,
      script: {
        prepare: async () => procedure.prepare(procedure.input.parse(input), world),
        steps: (prepared, choices) => procedure.steps(procedure.prepared.parse(prepared), world, choices),
        abandon: async (prepared, choices) => (await procedure.abandon?.(procedure.prepared.parse(prepared), world, choices)) ?? '',
        conclude: async (prepared, choices) => procedure.conclusion?.(procedure.prepared.parse(prepared), world, choices) ?? 'Done.',
      },
    });
  const decide = (gateId: string, word: Said, by = bob) => {
    const opened = entries.find((entry) => entry.type === 'gate-opened' && entry.gate.gateId === gateId);
    const confirm = opened?.type === 'gate-opened' ? opened.gate.confirm : undefined;
    const typed = word === 'approve' && confirm !== undefined ? { typed: confirm } : {};
    const saying = typeof word === 'string' ? { verdict: word, ...typed } : { verdict: 'choose' as const, option: word.choose };
    said.set(gateId, [...(said.get(gateId) ?? []), { ...saying, by, at: world.clock.now().toISOString() }]);
  };
  /** Takes the run up again and again until it ends or nobody answers. */
  const toEnd = async (answers: Answers): Promise<Advance> => {
    for (let takeUp = 0; takeUp < takeUpsMax; takeUp += 1) {
      const came = await once().catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        world.effects.revive();
        return undefined;
      });
      if (came === undefined) continue;
      if (came.state !== 'waiting') return came;
      const word = answers(came.gate);
      if (word === undefined) return came;
      if (word === 'silence') world.clock.pass(Date.parse(came.gate.expiresAt) - world.clock.now().getTime());
      else decide(came.gate.gateId, word);
    }
    throw new Error(`the run neither ended nor waited after ${takeUpsMax} take-ups`);
  };
  return { run, entries, once, decide, toEnd, alice, bob };
}
