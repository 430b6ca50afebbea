/** What means that a worker must let its run go is no failure of a step. */
import { describe, expect, it } from 'vitest';
import { change } from '../../src/engine/step.ts';
import { failureOf } from '../../src/engine/execution.ts';
import { fails } from '../../src/engine/finding.ts';
import { mayChangeNothing } from '../../src/engine/tenure.ts';
import { OpsError } from '../../src/errors.ts';
import { engine } from './engine.ts';

describe('failureOf', () => {
  it.each(['RUN_TAKEN_OVER', 'HOST_FENCED', 'QUEUE_UNAVAILABLE'] as const)('throws %s again', (code) => {
    const error = new OpsError(code, 'not this worker');

    expect(() => failureOf(error)).toThrow(error);
  });

  it('makes words of a failure of a step', () => {
    expect(failureOf(new OpsError('HOST_EPOCH_FAILED', 'the home is full'))).toMatchObject({
      code: 'HOST_EPOCH_FAILED',
      because: 'the home is full',
    });
  });
});

describe('a step that may not go on', () => {
  it('lets the run go, and is not recorded as failed', async () => {
    const refused = new OpsError('HOST_FENCED', 'a newer worker has this run');
    const { once, entries } = engine([
      change('act', 'Act', { plan: async () => [], run: () => Promise.reject(refused), verify: async () => fails('not yet') }),
    ]);

    await expect(once()).rejects.toThrow(refused);

    expect(entries.map(({ type }) => type)).toEqual(['run-prepared', 'step-started']);
  });
});

describe('mayChangeNothing', () => {
  it('permits nothing', async () => {
    await expect(mayChangeNothing()).rejects.toThrow('only a run');
  });
});
