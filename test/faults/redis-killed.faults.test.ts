/** Redis killed and restarted at every step boundary of each long procedure: nothing that it kept is lost, and nothing is done twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRun } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { doneTwice } from './effects.ts';
import {
  endangeredRecovery,
  endangeredReplacement,
  endangeredRestore,
  endangeredSpace,
  fillUp,
  leaveOne,
  spoilThird,
} from './endangered.ts';
import { answer } from './failing-hosts.ts';
import type { Endangered } from './failing-hosts.ts';
import { loseQuorum } from './ground.ts';
import { actAtBoundaries, neverKilledAt, retriesInWords } from './killing.ts';
import type { Killed } from './killing.ts';
import { recorded } from './record.ts';

const runsForShortSteps = 3;
const fault = 'killed (SIGKILL) and restarted from its append-only file';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage({ name: 'f-rkill', etcd: '3.4' });
  await stage.start();
});
afterAll(() => stage?.down());

async function restartRedis(): Promise<undefined> {
  await stage.redis.stop('SIGKILL');
  await stage.redis.start();
}

/** One run to its end, with Redis restarted at each boundary of these steps; of all without them. */
async function carriedOut(of: Endangered, steps?: readonly string[]): Promise<Killed> {
  const run = await startRun(stage, of.words);
  const came = await actAtBoundaries({ stage, run, act: restartRedis, answer: (_stage, gate) => answer(of, gate) }, steps);
  expect(came.view.outcome, came.view.conclusion).toBe('completed');
  await of.proof(run);
  expect(await doneTwice(stage, run)).toEqual([]);
  expect(came.entries.map(({ seq }) => seq)).toEqual(came.entries.map((_entry, index) => index));
  return came;
}

describe('Redis that is killed and restarted at every step boundary', () => {
  it.each([
    ['restore', loseQuorum, endangeredRestore],
    ['replace-member', spoilThird, endangeredReplacement],
    ['recover-quorum', leaveOne, endangeredRecovery],
    ['recover-space', fillUp, endangeredSpace],
  ] as const)('of %s loses nothing, and nothing is done twice', (procedure, prepare, endangered) =>
    recorded({ area: 'redis', fault, procedure, where: 'at every step boundary', etcd: '3.4' }, async () => {
      await prepare(stage);
      let came = await carriedOut(endangered(stage));
      // A step of a tenth of a second may be over before this process is back at Redis after the restart before it: it has runs of its own.
      for (let more = 0; more < runsForShortSteps && neverKilledAt(came).length > 0; more += 1) {
        await prepare(stage);
        const again = await carriedOut(endangered(stage), neverKilledAt(came));
        came = { ...again, points: [...new Set([...came.points, ...again.points])], retries: came.retries + again.retries };
      }

      expect(neverKilledAt(came)).toEqual([]);
      return { outcome: `completed; the journal has no gap${retriesInWords(came)}`, times: came.points.length };
    }),
  );
});
