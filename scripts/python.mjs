/** The machine's Python, which the program on the hosts is tested and checked with. */
import { spawnSync } from 'node:child_process';

/** In CI nothing is skipped. */
export const inCi = ['true', '1'].includes(process.env['CI'] ?? '');

/**
 * A Python that is new enough: RHEL 8 has one for its own tools only.
 * @returns {{ path: string } | { path: undefined, reason: string }}
 */
export function findPython() {
  for (const path of ['/usr/bin/python3', '/usr/libexec/platform-python', 'python3']) {
    const { status } = spawnSync(path, ['-I', '-c', 'import sys; sys.exit(sys.version_info < (3, 6))']);
    if (status === 0) return { path };
  }
  return { path: undefined, reason: 'there is no Python 3.6 or newer (Debian package python3)' };
}
