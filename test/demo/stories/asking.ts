/** What every story does besides its plot: asks a question, and waits for what is written. */
import type { RunId } from '../../../src/ids.ts';
import { say } from '../../stage/acting.ts';
import { channels } from '../../stage/stage.ts';
import type { Stage } from '../../stage/stage.ts';

const answerWithinMs = 15_000;

/** Asks a question, and waits until its answer stands in the channel. */
export async function ask(stage: Stage, words: string): Promise<void> {
  const before = (await stage.slack.messages(channels.incident)).length;
  await say(stage, words);
  await stage.slack.message(channels.incident, () => true);
  const end = Date.now() + answerWithinMs;
  while ((await stage.slack.messages(channels.incident)).length <= before && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

/** The recovery does not wait for its reports; who reads the thread does. */
export async function untilReported(stage: Stage, run: RunId): Promise<void> {
  const verb = run.slice(0, run.lastIndexOf('-demo-'));
  await stage.slack.message(
    channels.incident,
    ({ text, blocks }) => text.startsWith(`${verb} demo: done in`) && JSON.stringify(blocks).includes(run),
  );
}
