/** Work as a user who may read only what is theirs: root may read everything. */
import { chownSync } from 'node:fs';

const nobody = 65_534;

/** Does it as nobody, who is given `paths`, where this process is root; else as whoever this is. */
export async function unprivileged<T>(paths: readonly string[], work: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  for (const path of paths) chownSync(path, nobody, nobody);
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
