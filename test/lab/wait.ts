/** Waiting for a condition with a bound; the lab never sleeps without one. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, as it is to stand in the error. */
  readonly for: string;
  readonly withinMs: number;
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither false nor undefined.
 * @throws Error naming what did not happen, with the last failure as its cause
 */
export async function waitUntil<T>(ask: () => Promise<T | false | undefined> | T | false | undefined, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.withinMs;
  let lastFailure: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer;
    } catch (failure) {
      lastFailure = failure;
    }
    if (performance.now() > deadline) {
      throw new Error(`${options.for}: not within ${options.withinMs} ms`, { cause: lastFailure });
    }
    await pause(options.everyMs ?? 25);
  }
}

/** Whether a TCP port answers; with `banner`, whether the first thing it says begins so. */
export async function answersTcp(address: string, port: number, banner?: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('connect', () => {
      if (banner === undefined) end(true);
    });
    socket.once('data', (data) => end(banner === undefined || data.toString('latin1').startsWith(banner)));
  });
}
