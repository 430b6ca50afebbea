/** Waits for something to become true, with a named bound. */
import type { Clock } from '../../engine/ports.ts';
import { fails } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { mustLetGo } from '../../engine/tenure.ts';
import { isOpsError } from '../../errors.ts';

/** How long to wait, and how often to ask. */
export interface Patience {
  readonly limitMs: number;
  readonly intervalMs: number;
}

/** Asks until it holds, never will, or the limit passes, and gives the last finding. A question that cannot be answered yet counts as "not yet". */
export async function untilHolds(clock: Clock, { limitMs, intervalMs }: Patience, ask: () => Promise<Finding>): Promise<Finding> {
  const began = clock.now().getTime();
  for (;;) {
    const finding = await ask().catch((error: unknown) => {
      if (isOpsError(error) && !mustLetGo(error)) return fails(error.message);
      throw error;
    });
    if (finding.holds || finding.final === true || clock.now().getTime() - began >= limitMs) return finding;
    await clock.sleep(intervalMs);
  }
}
