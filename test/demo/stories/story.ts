/** What a story of the demo is. */
import type { Stage } from '../../stage/stage.ts';

/** Plays it on a stage. `atGate` is called while the decisive card waits. Gives whether it ended well, seen past the bot. */
export type Play = (stage: Stage, tell: (text: string) => void, atGate?: () => Promise<void>) => Promise<boolean>;

/** A story. */
export interface Story {
  /** What it is about, as the demo says it first. */
  readonly about: string;
  readonly play: Play;
}
