/** The most memory that a process has held: VmHWM, from when it was last forgotten. https://docs.kernel.org/filesystems/proc.html */
import { readFile, writeFile } from 'node:fs/promises';

/** Makes the kernel count anew; gives what the process holds now. Megabytes of 10^6 bytes. */
export async function forgetPeak(pid: number): Promise<number> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  return await statusOf(pid, 'VmRSS');
}

/** Megabytes of 10^6 bytes. @throws Error when the kernel does not say */
export async function peakMegabytes(pid: number): Promise<number> {
  return await statusOf(pid, 'VmHWM');
}

async function statusOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`the kernel says nothing of the memory of ${pid}`);
  return (Number(kibibytes) * 1_024) / 1e6;
}
