/** Which messages were posted for which run, by the mark that the bot puts on each: watched all the time, because the server's log is short. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCall, LocalSlack } from '../slack/local-slack.ts';

const everyMs = 300;

/** The posts so far. */
export interface Posts extends AsyncDisposable {
  /** The marks of a run's messages, in the order in which they were posted. @throws Error when calls went by unseen */
  of(run: string): readonly string[];
}

/** Watches until it is disposed of. */
export function watchPosts(slack: Pick<LocalSlack, 'calls'>): Posts {
  const marks: { readonly run: string; readonly key: string }[] = [];
  const watching = { on: true, failure: undefined as Error | undefined };
  let seen = new Set<string>();
  const look = async () => {
    const calls = await slack.calls();
    if (seen.size > 0 && !calls.some(({ id }) => seen.has(id)))
      throw new Error('more calls of Slack than its log keeps went by between two looks');
    marks.push(...calls.filter(({ id }) => !seen.has(id)).flatMap(markOf));
    seen = new Set(calls.map(({ id }) => id));
  };
  const watch = async () => {
    while (watching.on) {
      await look();
      await sleep(everyMs);
    }
  };
  const done = watch().catch((error: unknown) => {
    watching.failure = new Error('the posts could not be watched', { cause: error });
  });
  return {
    of(run) {
      if (watching.failure !== undefined) throw watching.failure;
      return marks.filter((mark) => mark.run === run).map(({ key }) => key);
    },
    async [Symbol.asyncDispose]() {
      watching.on = false;
      await done;
    },
  };
}

function markOf({ method, args }: LocalCall): readonly { readonly run: string; readonly key: string }[] {
  const { metadata } = args;
  if (method !== 'chat.postMessage' || metadata === undefined || metadata === null) return [];
  const { event_payload: mark } = (typeof metadata === 'string' ? JSON.parse(metadata) : metadata) as {
    event_payload: { run: string; key: string };
  };
  return [mark];
}
