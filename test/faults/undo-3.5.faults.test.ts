/** Undoing a restore on etcd 3.5, whose tool raises revisions. */
import { afterAll, beforeAll, describe } from 'vitest';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { undoStory } from './undo-suite.ts';

describe('undo on etcd 3.5', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-undo-35', etcd: '3.5' });
    await stage.start();
  });
  afterAll(() => stage?.down());

  undoStory(() => stage);
});
