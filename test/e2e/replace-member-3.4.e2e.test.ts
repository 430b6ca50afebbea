/** A member that lost its data is replaced on etcd 3.4, through Slack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playReplaceMember } from '../demo/stories/replace-member.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

describe('replace-member on etcd 3.4', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-replace-34' });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('puts a new member in the place of one whose data is spoiled, while writes go on', async () => {
    const came = await playReplaceMember(stage, () => undefined);

    expect(came).toBe(true);
  });
});
