/** An engine over literal steps, with a journal, decisions and a clock in memory. */
import { advance } from '../../src/engine/advance.ts';
import { createCommandLog } from '../../src/engine/command-log.ts';
import type { AdvanceDeps, Script } from '../../src/engine/execution.ts';
import type { Decision, JournalEntry } from '../../src/engine/journal.ts';
import type { Step } from '../../src/engine/step.ts';
import { viewOf } from '../../src/engine/view.ts';
import { ClusterName, RunId, UserId } from '../../src/ids.ts';
import { fakeClock } from '../fakes/clock.ts';

/** Who asked for the run. */
export const alice = UserId.parse('U0ALICE');

/** Makes a run over steps, or over what makes steps of choices. */
export function engine(steps: readonly Step[] | Script['steps'], overrides: Partial<AdvanceDeps> = {}) {
  const clock = fakeClock();
  const entries: JournalEntry[] = [];
  const said: Decision[] = [];
  const commands = createCommandLog();
  const deps: AdvanceDeps = {
    run: {
      runId: RunId.parse('test-demo-000000'),
      procedure: 'test',
      cluster: ClusterName.parse('demo'),
      input: {},
      requester: { user: alice, channel: 'C0INC', via: 'slack' },
      mode: 'execute',
      requestedAt: clock.now().toISOString(),
    },
    journal: {
      append: async (event) => {
        const entry = { ...event, seq: entries.length, at: clock.now().toISOString() };
        entries.push(entry);
        return entry;
      },
      entries: async () => [...entries],
    },
    decisions: { at: async () => said },
    rules: {
      required: { general: 1, quorumLoss: 1 },
      approvalExpiresAfterMs: 60_000,
      failureExpiresAfterMs: 60_000,
      mayApprove: async () => true,
      mayBreakGlass: async () => true,
    },
    reporter: { moved: () => undefined, progress: () => undefined },
    clock,
    signal: new AbortController().signal,
    abortRequested: async () => undefined,
    script: {
      prepare: async () => ({ prepared: {}, summary: 'a test' }),
      steps: typeof steps === 'function' ? steps : () => steps,
      conclude: async () => 'Done.',
      abandon: async () => '',
    },
    commands,
    ...overrides,
  };
  const confirm = () => viewOf(deps.run, entries).openGate?.confirm;
  /** With the name typed where the gate asks for it, unless something else is `typed`. */
  const say = (verdict: Decision['verdict'], by = 'U0BOB', option?: string, typed: string | undefined = confirm()) =>
    said.push({
      verdict,
      by: UserId.parse(by),
      at: clock.now().toISOString(),
      ...(option !== undefined && { option }),
      ...(verdict === 'approve' && typed !== undefined && { typed }),
    });
  return { deps, entries, said, clock, commands, say, once: () => advance(deps), view: () => viewOf(deps.run, entries) };
}
