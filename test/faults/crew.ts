/** Workers on a stage, so that others are standing by when one is killed; and which of them has a run. */
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { until } from '../slack/local-slack.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage, StageOptions } from '../stage/stage.ts';

/** What is promised with the lock that is shipped. */
const takeUpLimitMs = 45_000;
/** One has the run; the others are there already when it dies several times while a new one is still starting. */
const crewSize = 4;
/** From the moment when a worker has taken a run up until its log is here. */
const logLimitMs = 20_000;

interface TakeUp {
  readonly pid: number;
  readonly epoch: number;
  readonly atMs: number;
}

/** What came of a kill. */
export interface TakenUp {
  /** From the kill to the take-up, as the new worker's log has it; undefined when nobody had to take the run up, because it waits for a person or has ended. */
  readonly seconds: Promise<number | undefined>;
}

/** Workers of which any may die. */
export interface Crew {
  /**
   * Kills the worker that has the run, with SIGKILL, hires a new one, and waits until another one has taken the run up. The log is read
   * later: meanwhile the run goes on.
   * @throws Error when nobody takes it up within what is promised
   */
  killHolder(run: RunId): Promise<TakenUp>;
  /** Ends all of them in good order. */
  dismiss(): Promise<void>;
}

/** A stage with a crew; a test that dismisses its crew hires another one. */
export interface Crewed {
  readonly stage: Stage;
  crew: Crew;
}

/** Sets a stage with a crew up for the tests of a `describe`, and takes it down after them. */
export function useCrewedStage(options: StageOptions): Crewed {
  const on: { stage?: Stage; crew?: Crew } = {};
  beforeAll(async () => {
    on.stage = await createStage(options);
    await on.stage.start('bot,reports');
    on.crew = await hireCrew(on.stage);
  });
  afterAll(async () => {
    await on.crew?.dismiss();
    await on.stage?.down();
  });
  // Its tests begin when both are there.
  return on as Crewed;
}

/** Starts them. @param environment as of `Stage.start` */
export async function hireCrew(stage: Stage, environment: Readonly<Record<string, string>> = {}): Promise<Crew> {
  const redis = new Redis(stage.redis.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const hire = () => stage.start('worker', environment);
  const workers = new Map<number, BotProcess>();
  for (const worker of await Promise.all(Array.from({ length: crewSize }, hire))) workers.set(worker.pid, worker);
  const takenUp = async (run: RunId, epoch: number): Promise<TakeUp> => {
    let found: TakeUp | undefined;
    await until(
      async () => {
        found = takeUpsIn(await readFile(stage.logFile, 'utf8'), run).find((one) => one.epoch === epoch);
        return found !== undefined;
      },
      logLimitMs,
      () => `no worker says that it has taken ${run} up for the ${epoch}. time`,
    );
    if (found === undefined) throw new Error('unreachable');
    return found;
  };
  const epochOf = async (run: RunId) => Number(await redis.hget(`medic:run:${run}`, 'epoch'));
  const rests = async (run: RunId) => {
    const { state } = await stage.runs.view(run);
    return state === 'ended' || (await redis.hexists(`medic:run:${run}`, 'waiting')) === 1;
  };
  let hired: Promise<unknown> = Promise.resolve();
  return {
    async killHolder(run) {
      // Somebody must be standing by, or it is the start of a process that is measured.
      if (workers.size < 2) await hired;
      const epoch = await epochOf(run);
      const { pid } = await takenUp(run, epoch);
      // A worker may take a run up before its start has been seen.
      if (!workers.has(pid)) await hired;
      const holder = workers.get(pid);
      if (holder === undefined) throw new Error(`no worker of this crew has ${run}`);
      const killedAtMs = Date.now();
      await holder.kill();
      workers.delete(holder.pid);
      let next = epoch;
      await until(
        async () => {
          next = await epochOf(run);
          return next > epoch || (await rests(run));
        },
        takeUpLimitMs,
        () => `nobody took ${run} up within ${takeUpLimitMs / 1000} s`,
      );
      const joined = Promise.all([hired, hire().then((worker) => workers.set(worker.pid, worker))]);
      // It is awaited when nobody else is left, or at the end.
      joined.catch(() => undefined);
      hired = joined;
      const seconds = next === epoch ? Promise.resolve(undefined) : takenUp(run, next).then(({ atMs }) => (atMs - killedAtMs) / 1000);
      seconds.catch(() => undefined);
      return { seconds };
    },
    async dismiss() {
      await hired;
      redis.disconnect();
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}

/** The workers' own log: each says which run it takes up, and pino adds who and when. */
function takeUpsIn(log: string, run: RunId): TakeUp[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"run taken up"') && line.includes(`"${run}"`))
    .flatMap((line) => {
      try {
        const { pid, time, epoch } = JSON.parse(line) as { pid: number; time: number; epoch: number };
        return [{ pid, epoch, atMs: time }];
      } catch {
        // The last line of a process that was killed while it wrote.
        return [];
      }
    });
}
