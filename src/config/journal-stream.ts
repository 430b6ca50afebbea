/** Whether what a process writes goes to the journal of systemd, which takes a priority in front of each line. */
import { fstatSync } from 'node:fs';

/**
 * Compares JOURNAL_STREAM, which systemd sets, with what is open: somebody may have sent one of the two streams elsewhere.
 * @param descriptor 1 or 2
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
 */
export function goesToJournal(descriptor: number, environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined || stream === '') return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    // Closed: nobody reads it.
    return false;
  }
}
