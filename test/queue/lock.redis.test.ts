/** The lock of a take-up is its own: the end of an earlier take-up of the same run takes nothing from it. */
import type { Command, Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bench, quick } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted } from './fixtures/scripted.ts';
import { until } from './until.ts';

/** Long enough to be renewed over a stall of a busy machine. */
const lockDurationMs = 4_000;

describe('the lock of a take-up', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('is renewed though the take-up began before BullMQ was done with the one before it', async () => {
    const engine = scripted({ redis: on.probe });
    const last = holdLastCommand(on.connections.workers);
    let takes = 0;
    let isKept: boolean | undefined;
    on.worker({
      ...quick,
      lockDurationMs,
      letGoRestMs: 1,
      advance: async (context) => {
        takes += 1;
        const lock = `medic:queue:runs:${context.run.runId}:lock`;
        if (takes === 1) {
          last.of((await on.probe.get(lock)) ?? '');
          return { state: 'let-go' };
        }
        await last.letThrough();
        isKept ??= await isRenewed(on.probe, lock);
        return engine(context);
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId, 40_000)).toMatchObject({ outcome: 'completed' });
    expect({ takes, isKept }).toEqual({ takes: 2, isKept: true });
  });
});

/** Holds back the command with which BullMQ is done with a job that was moved: its look for the next one, under the same token. */
function holdLastCommand(workers: Redis) {
  const held = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<unknown>();
  const send = workers.sendCommand.bind(workers);
  let token: string | undefined;
  const isLast = ({ args }: Command, of: string) =>
    args[2] === 'medic:queue:runs:wait' && args.some((arg) => Buffer.isBuffer(arg) && arg.includes(of));
  workers.sendCommand = (command, stream) => {
    if (token === undefined || !isLast(command, token)) return send(command, stream);
    token = undefined;
    held.resolve();
    const answer = free.promise.then(() => send(command, stream));
    answered.resolve(answer);
    return answer;
  };
  return {
    of: (job: string) => {
      token = job;
    },
    /** Resolves once BullMQ has its answer. */
    letThrough: async () => {
      await held.promise;
      free.resolve();
      await answered.promise;
    },
  };
}

/** Whether a lock gets more time before it runs out. */
async function isRenewed(probe: Redis, lock: string): Promise<boolean> {
  const holder = await probe.get(lock);
  let leftMs = await probe.pttl(lock);
  const look = async () => {
    const earlierMs = leftMs;
    leftMs = await probe.pttl(lock);
    return leftMs > earlierMs && (await probe.get(lock)) === holder;
  };
  return until('the lock has more time', look, lockDurationMs).catch(() => false);
}
