/** The facts about this machine that figures depend on. */
import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, loadavg, release, totalmem } from 'node:os';
import { run } from '../lab/run.ts';
import type { Machine } from './figures.ts';

/** Reads them. `disk` is where hosts and snapshots are. */
export async function machineFacts({ disk, etcd }: { readonly disk: string; readonly etcd: string }): Promise<Machine> {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    memoryMegabytes: Math.round(totalmem() / 1e6),
    diskFreeMegabytes: await diskFreeMegabytes(disk),
    kernel: release(),
    etcd,
    etcdctl: /etcdctl version: (\S+)/.exec((await run(['etcdctl', 'version'], { env: { ETCDCTL_API: '3' } })).stdout)?.[1] ?? 'unknown',
    node: process.versions.node,
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** Megabytes of 10^6 bytes that may still be written where `path` is. */
export async function diskFreeMegabytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.round((bavail * bsize) / 1e6);
}

/** Megabytes of memory that programs may still take; the page cache gives way. */
async function memoryFreeMegabytes(): Promise<number> {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
  return Math.round((available === undefined ? freemem() : Number(available) * 1_024) / 1e6);
}

/** Why data of a size does not fit here; undefined when it does. */
export async function whyTooBig(megabytes: number, disk: string): Promise<string | undefined> {
  // Three hosts with the data, its write-ahead log, the data set aside, the snapshot and what is restored from it; and the snapshots here.
  const diskNeeded = 25 * megabytes + 2_000;
  // Three members that map their database and keep the latest entries of the log.
  const memoryNeeded = 8 * megabytes + 1_500;
  const [diskFree, memoryFree] = [await diskFreeMegabytes(disk), await memoryFreeMegabytes()];
  if (diskFree < diskNeeded) return `needs ${diskNeeded} MB of disk below ${disk}, ${diskFree} are free`;
  return memoryFree < memoryNeeded ? `needs ${memoryNeeded} MB of memory, ${memoryFree} are free` : undefined;
}

/** Until all that was written is on the disk, so that one measurement does not pay for the one before it. */
export async function settleDisk(): Promise<void> {
  await run(['sync']);
}
