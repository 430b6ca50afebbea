/** The worker role: carries runs on and answers questions. */
import type { Access } from '../access/index.ts';
import type { Settings } from '../config/load.ts';
import { advance } from '../engine/advance.ts';
import { createCommandLog } from '../engine/command-log.ts';
import { concealAll, concealedError, concealing } from '../engine/conceal.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { RunRequest } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { QueryRequest } from '../engine/runs.ts';
import { OpsError } from '../errors.ts';
import { RunId } from '../ids.ts';
import { verbs } from '../procedures/index.ts';
import type { Procedure, Query } from '../procedures/procedure.ts';
import type { Connections, QueueLog } from '../queue/connection.ts';
import { createQueryWorker } from '../queue/query-worker.ts';
import type { Queues } from '../queue/queues.ts';
import { createReporter } from '../queue/reporter.ts';
import type { AdvanceRun } from '../queue/take-up.ts';
import { createRunWorker } from '../queue/worker.ts';
import type { Closable, RunWorkerOptions } from '../queue/worker.ts';
import { gateRules } from './gate-rules.ts';
import type { OpenWorld, WorldOrder } from './worlds.ts';

interface WorkerRoleDeps {
  readonly settings: Pick<Settings, 'config'>;
  readonly connections: Connections;
  readonly queues: Queues;
  readonly openWorld: (order: WorldOrder) => OpenWorld;
  readonly access: Access;
  readonly clock: Clock;
  /** Keeps known secrets out of journals, progress and answers. */
  readonly conceal: Conceal;
  readonly log: QueueLog;
  readonly options?: RunWorkerOptions;
}

/** Starts to take runs and questions. */
export function startWorker({
  settings,
  connections,
  queues,
  openWorld,
  access,
  clock,
  conceal,
  log,
  options = {},
}: WorkerRoleDeps): readonly Closable[] {
  const { front, workers, records } = connections;
  const outbox = createReporter({ front, reports: queues.reports });
  const reporter = {
    moved: outbox.moved,
    progress: (run: RunRequest, stepId: string, text: string) => outbox.progress(run, stepId, conceal(text)),
  };
  const advanceRun: AdvanceRun = async ({ tenure, ...context }) => {
    const { run } = context;
    const procedure = verbOf(run.procedure, 'procedure');
    const commands = createCommandLog();
    const { world, close } = openWorld({ cluster: run.cluster, runId: run.runId, record: commands.record, tenure });
    let waits = false;
    try {
      const advanced = await advance({
        ...context,
        journal: concealing(context.journal, conceal),
        commands,
        clock,
        rules: gateRules({ config: settings.config, access, reporter }, run),
        script: {
          prepare: async () => procedure.prepare(procedure.input.parse(run.input), world),
          steps: (prepared, choices) => procedure.steps(procedure.prepared.parse(prepared), world, choices),
          abandon: async (prepared, choices) => (await procedure.abandon?.(procedure.prepared.parse(prepared), world, choices)) ?? '',
          conclude: async (prepared, choices) =>
            (await procedure.conclusion?.(procedure.prepared.parse(prepared), world, choices)) ?? 'All steps are done.',
        },
      });
      // After a failure the way to a host may be what is put right.
      waits = advanced.state === 'waiting' && advanced.gate.kind !== 'failure';
      return advanced;
    } catch (error) {
      // It is kept in Redis, and told.
      throw concealedError(error, conceal);
    } finally {
      await close({ keepsChannels: waits });
    }
  };
  const answer = async (query: QueryRequest) => {
    const { input, answer: answerOf } = verbOf(query.verb, 'query');
    const { world, close } = openWorld({
      cluster: query.cluster,
      runId: RunId.parse(`query-${query.cluster}-000000`),
      record: () => undefined,
      tenure: undefined,
    });
    try {
      return concealAll(await answerOf(input.parse(query.input), world), conceal);
    } catch (error) {
      throw concealedError(error, conceal);
    } finally {
      await close();
    }
  };
  return [
    createRunWorker({ workers, records, reporter, advance: advanceRun, clock, log }, options),
    createQueryWorker({ workers, queues, answer, clock, log }),
  ];
}

function verbOf(id: string, type: 'procedure'): Procedure;
function verbOf(id: string, type: 'query'): Query;
function verbOf(id: string, type: 'procedure' | 'query'): Procedure | Query {
  const verb = verbs.find((each) => each.id === id && each.type === type);
  if (verb === undefined)
    throw new OpsError('INPUT_INVALID', `This worker knows no ${type} ${id}: it may be older than the bot that took the command.`);
  return verb;
}
