/** Keeps a role up that what it needs may keep down: tries, tries again ever more slowly, and says meanwhile why it is not up. */
import type { Clock } from '../engine/ports.ts';
import { isOpsError } from '../errors.ts';
import type { QueueLog } from '../queue/connection.ts';

const firstPauseMs = 1_000;
const slowestPauseMs = 60_000;
/** What was up for so long begins to count anew: a connection that breaks again and again is made ever more slowly. */
const soundAfterMs = 60_000;

/** A role that is kept up in the background. */
export interface Kept {
  /** Undefined while the role is up, else a sentence that says why it is not. */
  whyNot(): string | undefined;
  /** Resolves when the role is up for the first time; never when it is stopped before. */
  readonly up: Promise<void>;
  /** Ends it, or the trying, and resolves when nothing of it is left. */
  stop(): Promise<void>;
}

interface KeepDeps {
  /** What it is called in the log. */
  readonly name: string;
  /**
   * Brings the role up once, calls `up`, and ends when the role is down again: it throws when something kept or brought it down, and
   * returns when the signal aborted.
   */
  readonly attempt: (up: () => void, signal: AbortSignal) => Promise<void>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly log: QueueLog;
}

/** Begins at once. Nothing that `attempt` throws ends the process. */
export function keepTrying({ name, attempt, clock, log }: KeepDeps): Kept {
  const stopping = new AbortController();
  const { signal } = stopping;
  const firstUp = Promise.withResolvers<void>();
  let because: string | undefined = 'It is being started.';
  let failures = 0;
  let upSinceMs: number | undefined;
  const up = () => {
    if (failures > 0) log.info({ role: name, failures }, 'role is up again');
    because = undefined;
    upSinceMs = clock.now().getTime();
    firstUp.resolve();
  };
  const keep = async () => {
    while (!signal.aborted) {
      try {
        await attempt(up, signal);
      } catch (error) {
        const wasSound = upSinceMs !== undefined && clock.now().getTime() - upSinceMs >= soundAfterMs;
        upSinceMs = undefined;
        failures = wasSound ? 1 : failures + 1;
        because = inWords(error);
        const retryInMs = pauseMs(error, failures);
        log.error({ role: name, because, retryInMs, error }, 'role is not up; it is tried again');
        await clock.sleep(retryInMs, signal).catch(() => undefined);
      }
    }
  };
  const done = keep();
  return {
    whyNot: () => because,
    up: firstUp.promise,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/**
 * The pause after the n-th failure in a row. A token that Slack does not know seldom becomes right by itself, so that is asked as slowly as
 * anything is: it is asked all the same, for Slack has refused sound tokens while it was ill.
 */
export function pauseMs(error: unknown, failures: number): number {
  if (isOpsError(error, 'SLACK_TOKEN_REFUSED')) return slowestPauseMs;
  const asked = isOpsError(error) ? error.details['retryAfterMs'] : undefined;
  const own = Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 16), slowestPauseMs);
  return typeof asked === 'number' ? Math.max(asked, own) : own;
}

/** Resolves when the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
}

function inWords(error: unknown): string {
  if (isOpsError(error)) return `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
