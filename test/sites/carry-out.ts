/** Carries procedures to their end on a lab of any site: the engine and the bot's own adapters, without Slack and Redis, and with a yes at every gate. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../src/config/load.ts';
import { advance } from '../../src/engine/advance.ts';
import { createCommandLog } from '../../src/engine/command-log.ts';
import type { Decision, Gate, JournalEntry, RunRequest } from '../../src/engine/journal.ts';
import { recall } from '../../src/engine/recall.ts';
import { viewOf } from '../../src/engine/view.ts';
import type { RunView } from '../../src/engine/view.ts';
import { ClusterName, newRunId, UserId } from '../../src/ids.ts';
import type { RunId } from '../../src/ids.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import type { HighestRevision, RevisionLedger } from '../../src/procedures/world.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { createSigning } from '../../src/snapshots/signing.ts';
import { createWorlds } from '../../src/wiring/worlds.ts';
import { passwordVariable } from '../lab/config.ts';
import type { Lab } from '../lab/lab.ts';

/** A worker of one lab's cluster, `demo`. */
export interface Crew {
  /** Approves every gate but the deletion of old data; takes the first way there is; ends at the run's end or at a failure. */
  carryOut(procedure: Procedure, input?: Readonly<Record<string, unknown>>): Promise<Carried>;
  close(): Promise<void>;
}

/** A run that ended, or stands at a failure. */
export interface Carried {
  readonly run: RunId;
  readonly view: RunView;
  /** Gates that were answered, in their order. */
  readonly gates: readonly Gate[];
}

/** @param unit which etcd of the hosts, where a site has several */
export async function createCrew(lab: Lab, unit?: string): Promise<Crew> {
  const directory = await mkdtemp(join(tmpdir(), 'etcd-medic-sites-'));
  const configPath = join(directory, 'config.yaml');
  await lab.writeConfig(configPath, {
    cluster: 'demo',
    ...(unit !== undefined && { unit }),
    top: { backups: { directory: join(directory, 'backups') } },
  });
  const settings = loadSettings(
    { ETCD_MEDIC_CONFIG: configPath, REDIS_URL: 'redis://127.0.0.1:1/0', [passwordVariable]: lab.rootPassword },
    { roles: ['worker'] },
  );
  const journals = new Map<RunId, { readonly request: RunRequest; readonly entries: JournalEntry[] }>();
  const ledger = ledgerInMemory();
  const openWorld = createWorlds({
    settings,
    ledgerOf: () => ledger,
    earlier: {
      recall: async (run) => {
        const found = journals.get(run);
        if (found === undefined) throw new Error(`there was no ${run}`);
        return recall(found.request, found.entries);
      },
    },
    clock: systemClock,
    conceal: (text) => text,
    signing: createSigning(['5e'.repeat(32)]),
    surroundings: async () => [],
  });
  return {
    async carryOut(procedure, input = {}) {
      const request = requestOf(procedure, input);
      const entries: JournalEntry[] = [];
      journals.set(request.runId, { request, entries });
      const gates: Gate[] = [];
      const decisions = new Map<string, Decision>();
      for (;;) {
        const came = await takeUp({ openWorld, procedure, request, entries, decisions });
        const view = viewOf(request, entries);
        if (came.state !== 'waiting' || came.gate.kind === 'failure') return { run: request.runId, view, gates };
        gates.push(came.gate);
        decisions.set(came.gate.gateId, answerTo(came.gate));
      }
    },
    close: async () => await rm(directory, { recursive: true, force: true }),
  };
}

function requestOf(procedure: Procedure, input: Readonly<Record<string, unknown>>): RunRequest {
  const cluster = ClusterName.parse('demo');
  return {
    runId: newRunId(procedure.id, cluster),
    procedure: procedure.id,
    cluster,
    input,
    requester: { user: UserId.parse('U0ALICE'), channel: 'C0INCDEMO', via: 'terminal' },
    mode: 'execute',
    requestedAt: new Date().toISOString(),
  };
}

interface TakeUp {
  readonly openWorld: ReturnType<typeof createWorlds>;
  readonly procedure: Procedure;
  readonly request: RunRequest;
  readonly entries: JournalEntry[];
  readonly decisions: ReadonlyMap<string, Decision>;
}

/** As the worker does it (src/wiring/worker.ts). */
async function takeUp({ openWorld, procedure, request, entries, decisions }: TakeUp) {
  const commands = createCommandLog();
  const { runId, cluster } = request;
  const tenure = { runId, epoch: Date.now(), permit: () => Promise.resolve() };
  const { world, close } = openWorld({ cluster, runId, record: commands.record, tenure });
  try {
    return await advance({
      run: request,
      journal: {
        append: async (event) => {
          const entry: JournalEntry = { ...event, seq: entries.length, at: new Date().toISOString() };
          entries.push(entry);
          return entry;
        },
        entries: async () => [...entries],
      },
      decisions: { at: async (gateId) => [decisions.get(gateId)].filter((decision) => decision !== undefined) },
      rules: {
        required: { general: 1, quorumLoss: 1 },
        approvalExpiresAfterMs: 1_800_000,
        failureExpiresAfterMs: 1_800_000,
        mayApprove: async () => true,
        mayBreakGlass: async () => false,
      },
      reporter: { moved: () => undefined, progress: () => undefined },
      clock: systemClock,
      signal: new AbortController().signal,
      abortRequested: async () => undefined,
      commands,
      script: {
        prepare: async () => procedure.prepare(procedure.input.parse(request.input), world),
        steps: (prepared, choices) => procedure.steps(procedure.prepared.parse(prepared), world, choices),
        abandon: async (prepared, choices) => (await procedure.abandon?.(procedure.prepared.parse(prepared), world, choices)) ?? '',
        conclude: async (prepared, choices) => procedure.conclusion?.(procedure.prepared.parse(prepared), world, choices) ?? 'Done.',
      },
    });
  } finally {
    await close();
  }
}

function answerTo({ kind, stepId, options, confirm }: Gate): Decision {
  const by = { by: UserId.parse('U0BOB'), at: new Date().toISOString() };
  const way = options?.find(({ possible }) => possible)?.id;
  if (kind === 'choice') return { verdict: 'choose', ...by, ...(way !== undefined && { option: way }) };
  if (stepId === 'delete-old-data') return { verdict: 'reject', ...by };
  return { verdict: 'approve', ...by, ...(confirm !== undefined && { typed: confirm }) };
}

function ledgerInMemory(): RevisionLedger {
  let known: HighestRevision | undefined;
  return {
    observe: async (revision) => {
      if (known === undefined || revision > known.revision) known = { revision, at: new Date() };
    },
    highest: async () => known,
    restart: async (revision) => {
      known = { revision, at: new Date() };
    },
  };
}
