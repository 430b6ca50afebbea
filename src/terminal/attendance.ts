/** Whether somebody is there who carries a run on: said when that changes, so that nobody waits for what nobody does. */
import type { Runs } from '../engine/runs.ts';
import type { Clock } from '../engine/ports.ts';

const lookEveryMs = 5_000;

interface AttendanceDeps {
  readonly runs: Pick<Runs, 'workers'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Told when no worker is left, and when one is there again. That none is there at the beginning was said by the desk. */
  readonly tell: (sentence: string) => void;
}

/** Makes the look of one wait: call it as often as you like, it asks every few seconds. Rejects as `runs.workers` does. */
export function createAttendance({ runs, clock, tell }: AttendanceDeps): () => Promise<void> {
  let wasThere: boolean | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.now().getTime();
    if (nowMs < nextMs) return;
    nextMs = nowMs + lookEveryMs;
    const isThere = (await runs.workers()) > 0;
    if (wasThere === true && !isThere)
      tell('No worker is there any more: the run stands still until one is. Start one: `systemctl start etcd-medic`, or its container.');
    if (wasThere === false && isThere) tell('A worker is there now.');
    wasThere = isThere;
  };
}
