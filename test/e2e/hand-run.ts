/** Carries a run on the real hosts of a lab, with the real engine, and ends it where a test says: after a step, at a gate, or in the middle of an act. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../src/config/load.ts';
import { advance } from '../../src/engine/advance.ts';
import { createCommandLog } from '../../src/engine/command-log.ts';
import type { Decision, Gate, JournalEntry, RunRequest } from '../../src/engine/journal.ts';
import { viewOf } from '../../src/engine/view.ts';
import type { RunView } from '../../src/engine/view.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterName, RunId, UserId } from '../../src/ids.ts';
import { verbs } from '../../src/procedures/index.ts';
import type { HighestRevision, World } from '../../src/procedures/world.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { createSigning } from '../../src/snapshots/signing.ts';
import { createWorlds } from '../../src/wiring/worlds.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabOptions } from '../lab/lab.ts';
import { cutting } from './cut-act.ts';
import type { Cut } from './cut-act.ts';

const cluster = ClusterName.parse('demo');
const alice = UserId.parse('U0ALICE');
const bob = UserId.parse('U0BOB');

/** Where a run ends unfinished. */
export type Stop =
  /** Somebody aborts it once this step is done. */
  | { readonly after: string }
  /** Its approval is rejected, or its choice not made: the run is aborted there. */
  | { readonly at: string }
  /** A host falls silent in an act, and the failure is aborted. */
  | { readonly cut: Cut }
  /** A host loses its power as the step begins, and the failure is aborted. */
  | { readonly off: string; readonly as: string };

/** A run that was carried as far as it was let. */
export interface Carried {
  readonly view: RunView;
  readonly entries: readonly JournalEntry[];
}

/** What is to be carried. */
export interface Order {
  readonly procedure: string;
  readonly input?: Readonly<Record<string, unknown>>;
  /** Without it the run goes to its end, and old data is kept. */
  readonly stop?: Stop;
  /** The way that is chosen where there is a choice. */
  readonly way?: string;
}

/** A lab with a bot's backups and its memory of revisions. */
export interface Ground {
  readonly lab: Lab;
  carry(order: Order): Promise<Carried>;
  /** Lends a world, for what is asked of hosts outside of a run. */
  inWorld<Answer>(runId: RunId, use: (world: World) => Promise<Answer>): Promise<Answer>;
  down(): Promise<void>;
}

/** Makes it. */
export async function createGround(options: LabOptions): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), `medic-${options.name}-`));
  const lab = await createLab(options);
  const configPath = join(directory, 'config.yaml');
  await mkdir(join(directory, 'backups'), { mode: 0o700 });
  await lab.writeConfig(configPath, { cluster, top: { backups: { directory: join(directory, 'backups') } } });
  const settings = loadSettings(
    { ETCD_MEDIC_CONFIG: configPath, REDIS_URL: 'redis://127.0.0.1:1/0', LAB_ETCD_PASSWORD: lab.rootPassword },
    { roles: ['worker'] },
  );
  let highest: HighestRevision | undefined;
  const keep = async (revision: bigint) => void (highest = { revision, at: new Date() });
  const openWorld = createWorlds({
    settings,
    ledgerOf: () => ({
      observe: async (revision) => (revision > (highest?.revision ?? -1n) ? await keep(revision) : undefined),
      highest: async () => highest,
      restart: keep,
    }),
    earlier: { recall: async (run) => Promise.reject(new OpsError('RUN_NOT_FOUND', `There is no run ${run} here.`)) },
    clock: systemClock,
    conceal: (text) => text,
    signing: createSigning(['5e'.repeat(32)]),
    surroundings: async () => [],
  });
  const open = (runId: RunId, record: Parameters<typeof openWorld>[0]['record']) =>
    openWorld({ cluster, runId, record, tenure: { runId, epoch: Date.now(), permit: async () => undefined } });
  let runs = 0;
  return {
    lab,
    carry: async (order) => {
      runs += 1;
      const runId = RunId.parse(`${order.procedure}-${cluster}-${runs.toString(16).padStart(6, '0')}`);
      const commands = createCommandLog();
      const { world, close } = open(runId, commands.record);
      // As another worker takes it up: what was cut is not remembered.
      const later = open(runId, commands.record);
      try {
        return await carried({ lab, world, later: later.world, order, commands });
      } finally {
        await Promise.all([close(), later.close()]);
      }
    },
    inWorld: async (runId, use) => {
      const { world, close } = open(runId, () => undefined);
      try {
        return await use(world);
      } finally {
        await close();
      }
    },
    down: async () => {
      await lab.down();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Carrying {
  readonly lab: Lab;
  readonly world: World;
  /** For what comes after a cut. */
  readonly later: World;
  readonly order: Order;
  readonly commands: ReturnType<typeof createCommandLog>;
}

async function carried({ lab, world: whole, later, order, commands }: Carrying): Promise<Carried> {
  const { stop, input = {} } = order;
  const procedure = verbs.find((verb) => verb.type === 'procedure' && verb.id === order.procedure);
  if (procedure?.type !== 'procedure') throw new Error(`there is no procedure ${order.procedure}`);
  const world = stop !== undefined && 'cut' in stop ? cutting(whole, stop.cut, lab) : whole;
  const entries: JournalEntry[] = [];
  const said = new Map<string, Decision[]>();
  const run: RunRequest = {
    runId: world.runId,
    procedure: procedure.id,
    cluster,
    input,
    requester: { user: alice, channel: 'C0INC', via: 'slack' },
    mode: 'execute',
    requestedAt: new Date().toISOString(),
  };
  const append = async (event: object) => {
    const entry = JSON.parse(JSON.stringify({ ...event, seq: entries.length, at: new Date().toISOString() })) as JournalEntry;
    if (stop !== undefined && 'off' in stop && entry.type === 'step-started' && entry.stepId === stop.as)
      await lab.host(stop.off).fault('power-off');
    entries.push(entry);
    return entry;
  };
  const isPast = () =>
    stop !== undefined && 'after' in stop && entries.some((entry) => entry.type === 'step-settled' && entry.stepId === stop.after);
  const now = () => ({ by: alice, at: new Date().toISOString() });
  const once = () =>
    advance({
      run,
      journal: { append, entries: async () => [...entries] },
      commands,
      decisions: { at: async (gateId) => said.get(gateId) ?? [] },
      rules: {
        required: { general: 1, quorumLoss: 1 },
        approvalExpiresAfterMs: 1_800_000,
        failureExpiresAfterMs: 86_400_000,
        mayApprove: async (by) => by !== alice,
        mayBreakGlass: async () => false,
      },
      reporter: { moved: () => undefined, progress: () => undefined },
      clock: systemClock,
      signal: new AbortController().signal,
      abortRequested: async () => (isPast() ? { verdict: 'abort', ...now() } : undefined),
      script: {
        prepare: async () => procedure.prepare(procedure.input.parse(input), world),
        steps: (prepared, choices) => procedure.steps(procedure.prepared.parse(prepared), world, choices),
        abandon: async (prepared, choices) => (await procedure.abandon?.(procedure.prepared.parse(prepared), later, choices)) ?? '',
        conclude: async (prepared, choices) =>
          (await procedure.conclusion?.(procedure.prepared.parse(prepared), world, choices)) ?? 'Done.',
      },
    });
  for (let takeUp = 0; takeUp < 20; takeUp += 1) {
    const came = await once();
    if (came.state === 'ended') return { view: viewOf(run, entries), entries };
    if (came.state !== 'waiting') throw new Error('the run was let go');
    said.set(came.gate.gateId, [{ ...now(), by: bob, ...answer(came.gate, order) }]);
  }
  throw new Error(`${run.runId} does not end: ${JSON.stringify(entries.at(-1))}`);
}

function answer({ kind, stepId, confirm, reason }: Gate, { stop, way }: Order): Omit<Decision, 'by' | 'at'> {
  if (kind === 'failure') {
    if (stop === undefined || !('cut' in stop || 'off' in stop)) throw new Error(`${stepId} failed: ${reason}`);
    return { verdict: 'abort' };
  }
  if (stop !== undefined && 'at' in stop && stop.at === stepId) return { verdict: kind === 'choice' ? 'abort' : 'reject' };
  if (kind === 'choice') return { verdict: 'choose', option: way ?? '' };
  if (stepId === 'delete-old-data') return { verdict: 'reject' };
  return { verdict: 'approve', ...(confirm !== undefined && { typed: confirm }) };
}
