/** Registers an attack as a test and records what came of it, for docs/attacks.md: a test that fails makes a row as well. */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { inShort } from '../record/cell.ts';
import { attackRows } from './rows.ts';
import type { Attacker } from './rows.ts';

/** What an attack is done on. */
export interface Ground {
  /** Versions, for the page. */
  readonly on: () => string;
  /** Carries the attack out and expects that nothing outside of what it may change was changed or told. */
  readonly watched: (task: () => Promise<string>) => Promise<string>;
}

/** Without hosts: against the client of the bot. */
export const noHost: Ground = { on: () => '', watched: async (task) => await task() };

/**
 * @param tried what is tried, in words
 * @param task does it, expects what is promised, and gives what happened, in a sentence
 * @param tags `long` when it waits
 */
export function attack(ground: Ground, who: Attacker, tried: string, task: () => Promise<string>, tags: readonly 'long'[] = []): void {
  it(`${who}: ${tried}`, { tags: [...tags] }, async () => {
    const row = { who, tried, file: basename(expect.getState().testPath ?? ''), on: ground.on() };
    // First, because a test that runs out of time or is killed says nothing any more.
    attackRows.add({ ...row, happened: 'the test did not end', held: false });
    try {
      attackRows.add({ ...row, happened: await ground.watched(task), held: true });
    } catch (error) {
      attackRows.add({ ...row, happened: inShort(error), held: false });
      throw error;
    }
  });
}
