/** etcd's tool on the machine of the bot: what it says of a snapshot file before that is handed to anybody. */
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { lastLines } from './failures.ts';
import type { RestoredFacts } from './host.ts';
import * as limits from './limits.ts';
import { parseSnapshotStatus } from './snapshot-status.ts';

/** etcdctl has `snapshot status` up to 3.5, etcdutl from 3.5 on. */
const programs = ['etcdutl', 'etcdctl'] as const;

/** Where to look for the programs; handed in by tests. */
export interface LocalTools {
  readonly path?: string;
}

/**
 * `snapshot status` of a file: the hash over its buckets, its revision, keys and size. Both tools open it read-only.
 * It does not check the SHA-256 trailer; `restore` does.
 * @throws OpsError HOST_TOOL_MISSING, SNAPSHOT_INVALID, HOST_COMMAND_TIMEOUT
 */
export async function snapshotStatus(
  file: string,
  { path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }: LocalTools = {},
): Promise<RestoredFacts> {
  for (const program of programs) {
    const result = await execa(program, ['snapshot', 'status', file, '-w', 'json'], {
      stdin: 'ignore',
      reject: false,
      timeout: limits.dataFixedLimitMs,
      maxBuffer: limits.keptOutputBytes,
      extendEnv: false,
      // A variable ETCDCTL_* that shadows a flag makes etcdctl fail.
      env: { PATH: path, LC_ALL: 'C', ETCDCTL_API: '3' },
    });
    if (result.code === 'ENOENT') continue;
    if (result.timedOut)
      throw new OpsError(
        'HOST_COMMAND_TIMEOUT',
        `\`${program} snapshot status ${file}\` on the machine of the bot gave no answer within ${limits.dataFixedLimitMs / 1_000} s.`,
      );
    const facts = result.exitCode === 0 ? parseSnapshotStatus(result.stdout) : undefined;
    if (facts !== undefined) return facts;
    const said = lastLines(result.stderr || result.stdout);
    throw new OpsError('SNAPSHOT_INVALID', `${program} cannot read ${file} as a snapshot${said === '' ? '' : `: ${said}`}.`, {
      details: { program, exitCode: result.exitCode },
    });
  }
  throw new OpsError('HOST_TOOL_MISSING', 'The machine of the bot has neither etcdutl nor etcdctl, so a snapshot cannot be checked.', {
    hint: 'Install the Debian package etcd-client on the machine of the bot.',
  });
}
