/** How far a host's clock is from the bot's, as far as one session shows it. */

/** When a session began and ended, by both clocks, in milliseconds since 1970. */
interface Readings {
  readonly sentAtMs: number;
  /** By the host's clock. */
  readonly begunAtMs: number;
  /** By the host's clock. */
  readonly endedAtMs: number;
  readonly answeredAtMs: number;
}

/**
 * The host's clock minus the bot's, in milliseconds: the least that explains the readings, 0 when equal clocks do.
 * The host began after the bot had sent and ended before the bot had its answer, so the difference lies between `ended - answered` and
 * `begun - sent`. How wide that is depends on the way, on the making of a connection and on a busy bot; none of them makes a clock wrong. The
 * price: of a clock that is behind, the time it took to connect is not seen.
 */
export function clockOffset({ sentAtMs, begunAtMs, endedAtMs, answeredAtMs }: Readings): number {
  return Math.max(endedAtMs - answeredAtMs, Math.min(begunAtMs - sentAtMs, 0));
}
