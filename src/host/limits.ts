/** Every wait, buffer and margin of this folder by name, units last. */

/** TCP and key exchange of ssh. */
export const connectTimeoutMs = 5_000;
/** A silent connection is given up after interval times count: a powered-off host says nothing. */
export const serverAliveIntervalMs = 5_000;
export const serverAliveCountMax = 3;
/** From the start of ssh to the program's first line: connecting, sudo, and Python's imports on a host that is busy. */
export const helloLimitMs = 20_000;
/** A channel whose input was ended closes by itself; after this it is killed. */
export const closeGraceMs = 2_000;

/** A person takes about this long to read a card and to answer it. Meanwhile a host has one sshd and one Python more, about 15 MB. */
export const idleChannelMs = 120_000;
export const idleChannelsMax = 64;

/** A line of the protocol, in both directions, and the first one, which comes from nobody knows whom. */
export const lineMaxBytes = 262_144;
export const helloMaxBytes = 4_096;
/** A block of bytes, and the line before it: at most seven digits. */
export const blockMaxBytes = 1_048_576;
export const blockLineMaxBytes = 8;
/** Operations that one request may report, and those of one plan. A v2 restore has about thirty. */
export const operationsMax = 1_000;
/** All lines about operations of one request: they go into the journal. */
export const operationsMaxBytes = 8 * 1_048_576;
/** More than any etcd can serve. What is announced beyond is not begun, or a host could fill the bot's disk. */
export const fetchMaxBytes = 128 * 1_073_741_824;

/** Requests that only look. */
export const lookLimitMs = 30_000;
/** Acts on names and settings, not on data. */
export const actLimitMs = 60_000;
/** systemd itself gives up stopping after 90 s (DefaultTimeoutStopSec) and kills. */
export const stopLimitMs = 120_000;
/** Removing a directory of many gigabytes. */
export const deleteLimitMs = 600_000;
/** etcd's tool reads a whole database to say what is in it. */
export const statusLimitMs = 600_000;
/** What an earlier worker of the run has in flight on a host is waited for there; then the host itself gives up. */
export const earlierActMs = 140_000;

/** Time limits that grow with the data: a fixed part, and the slowest rate that is still worth waiting for. */
export const dataFixedLimitMs = 120_000;
export const slowestBytesPerMs = 2_000;

/** How long the look that came with an act's answer still counts as a look of now. */
export const lookAfterActMs = 250;

/** What is kept of ssh's own words, and of a local tool's output. */
export const keptSshBytes = 16_384;
export const keptOutputBytes = 1_048_576;
/** What the journal gets of one command's output. */
export const recordedOutputBytes = 8_192;
/** The difference that a change of settings made, as people see it. */
export const differenceMaxCharacters = 16_384;
/** Lines of a failed command's answer that go into the message. */
export const messageLines = 3;
/** Certificates in one file: a CA bundle of a distribution has about 150. */
export const certificatesMax = 256;

/** Room that must stay free beside a file that is handed over. */
export const receiveMarginBytes = 64 * 1_048_576;
/** A file is compressed on its way when its beginning becomes smaller by a fifth: less does not pay for the CPU. */
export const sampleBytes = 1_048_576;
export const compressedAtMost = 0.8;
/** What the compressor gives at once. */
export const compressedBlockBytes = 262_144;

export const portProbeTimeoutMs = 2_000;
export const progressEveryMs = 1_000;

/** The limit for moving or rewriting this much data. */
export function dataLimitMs(bytes: number): number {
  return dataFixedLimitMs + Math.ceil(bytes / slowestBytesPerMs);
}
