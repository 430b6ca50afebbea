/** Where the process dies: every effect of the in-memory world passes here, so a test can cut it before, in the middle of, or after it. */

/** The process is gone. Not an OpsError: nothing may handle it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Where to die: at the n-th effect (from 0). */
export interface CrashPoint {
  readonly effect: number;
  readonly moment: 'before' | 'middle' | 'after';
}

interface Effect {
  /** What it does in full; gives whether anything changed. */
  readonly whole: () => boolean;
  /** What is left behind when it is cut in the middle. */
  readonly half?: () => void;
  /** It goes on elsewhere and is completed although nobody listens any more. */
  readonly goesOn?: boolean;
}

/** Counts, records and cuts effects. */
export class Effects {
  /** Effects that changed something, in order: `stopAndMask etcd01`. */
  readonly log: string[] = [];
  /** How many effects were begun, whether or not they changed something. */
  begun = 0;
  private point: CrashPoint | undefined;
  private dead = false;
  private readonly halved = new Set<string>();

  /** Arms one crash; it happens once. */
  crashAt(point: CrashPoint): void {
    this.point = point;
  }

  /** A new process takes over. */
  revive(): void {
    this.dead = false;
  }

  /** Nothing works in a dead process; every port asks this first. */
  assertAlive(): void {
    if (this.dead) throw new Crash('the process is gone');
  }

  /** Carries out one effect, or dies as armed. */
  perform(name: string, { whole, half, goesOn = false }: Effect): void {
    this.assertAlive();
    const number = this.begun;
    this.begun += 1;
    const moment = this.point?.effect === number ? this.point.moment : undefined;
    if (moment === 'before') this.die();
    if (moment === 'middle') {
      if (goesOn && whole()) this.log.push(name);
      half?.();
      if (half !== undefined) this.halved.add(name);
      this.die();
    }
    // A cut effect that is completed later counts when it is completed, even if its first half was all there was to do.
    const changed = whole();
    if (this.halved.delete(name) || changed) this.log.push(name);
    if (moment === 'after') this.die();
  }

  private die(): never {
    this.dead = true;
    this.point = undefined;
    throw new Crash('the process is gone');
  }
}
