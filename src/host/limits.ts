/** Every wait, buffer and margin of this folder by name, units last. */

/** TCP and key exchange of ssh. */
export const connectTimeoutMs = 5_000;
/** A silent connection is given up after interval times count: a powered-off host says nothing. */
export const serverAliveIntervalMs = 5_000;
export const serverAliveCountMax = 3;
/** The shared connection closes itself after this, also when the bot was killed. */
export const controlPersistMs = 60_000;
/** sockaddr_un holds 108 bytes, and ssh adds a dot and 16 random characters while it binds (unix(7), mux.c). */
export const controlPathMaxBytes = 108 - 1 - 17;

/** One argument of a process: 32 pages with the NUL at its end (execve(2), MAX_ARG_STRLEN); a session's script is one, here and on the host. */
export const scriptMaxBytes = 32 * 4_096 - 1;

/** Commands that only look. */
export const lookLimitMs = 30_000;
/** Commands that act on names and settings, not on data. */
export const actLimitMs = 60_000;
/** systemd itself gives up stopping after 90 s (DefaultTimeoutStopSec) and kills. */
export const stopLimitMs = 120_000;
/** Removing a directory of many gigabytes. */
export const deleteLimitMs = 600_000;

/** Time limits that grow with the data: a fixed part, and the slowest rate that is still worth waiting for. */
export const dataFixedLimitMs = 120_000;
export const slowestBytesPerMs = 2_000;

/** What is kept of one command's output stream; the middle of more is dropped, count and hash still cover it. */
export const keptOutputBytes = 1_048_576;
/** What the journal gets of one command's output. */
export const recordedOutputBytes = 8_192;
/** Lines of a failed command's answer that go into the message. */
export const messageLines = 3;

/** Room that must stay free beside a file that is handed over, and beside a restored data-dir (etcd preallocates 64 MiB of WAL at once). */
export const receiveMarginBytes = 64 * 1_048_576;
export const restoreMarginBytes = 192 * 1_048_576;

export const portProbeTimeoutMs = 2_000;
export const progressEveryMs = 1_000;
export const sendChunkBytes = 1_048_576;
/** How often a restore of before that still runs is looked at. */
export const earlierRestorePollMs = 1_000;

/** What an earlier worker of the run has in flight on a host may take so long before a newer one gives up. */
export const earlierCommandMs = 120_000;
/** The turn at a host's record of a run: held for a few writes at most. */
export const epochTurnMs = 10_000;
/** A host forgets a run that no worker took up for so long; Redis does so too (queue/keys.ts). */
export const epochRecordsDays = 30;

/** The limit for moving or rewriting this much data. */
export function dataLimitMs(bytes: number): number {
  return dataFixedLimitMs + Math.ceil(bytes / slowestBytesPerMs);
}

/** One attempt of a host to connect to another; whole seconds. */
export const reachTimeoutMs = 3_000;
