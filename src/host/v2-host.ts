/** What a host says of API 2, behind `HostV2`. */
import { z } from 'zod';
import type { RunId } from '../ids.ts';
import { unknownAnswer } from './failures.ts';
import { fetchFile } from './fetch.ts';
import type { HostClient } from './host-client.ts';
import * as limits from './limits.ts';
import type { Looks } from './looks.ts';
import { demandTool } from './preflight.ts';
import type { Clock } from '../engine/ports.ts';
import type { HostV2 } from './v2.ts';

/** What it is made of. */
export interface V2HostDeps {
  readonly client: HostClient;
  readonly looks: Looks;
  readonly run: RunId;
  readonly clock: Pick<Clock, 'now'>;
}

const Count = z.int().min(0);
/** Digits, as a raft index and a revision are uint64 and int64. */
const Digits = z.string().regex(/^[0-9]{1,20}$/);
const Inspected = z
  .object({
    wal_files: Count,
    bytes: Count,
    snapshot_index: Digits,
    commit_index: Digits.nullable(),
    v3: z.object({ held: z.boolean(), revision: Digits, total_keys: Count }),
  })
  .nullable();

const trueWords = new Set(['true', '1', 't', 'T', 'TRUE', 'True']);

/** Asks nothing yet. */
export function createHostV2({ client, looks, run, clock }: V2HostDeps): HostV2 {
  const { where } = client;
  return {
    async settings() {
      const seen = await looks.at({ tools: true });
      const { program, version } = demandTool(where, { serverVersion: seen.server_version, tools: seen.tools ?? [] });
      const { style, values, enable_v2: enabled } = seen.settings;
      return { style, enabled: enabled ?? trueWords.has(values.get('enable-v2') ?? ''), tool: { program, version } };
    },
    async inspect(of) {
      const { done } = await client.ask({
        verb: 'v2-inspect',
        what: 'v2-inspect',
        limitMs: limits.statusLimitMs,
        arguments: { of_run: of },
      });
      const parsed = Inspected.safeParse(done);
      if (!parsed.success) throw unknownAnswer({ where, what: 'v2-inspect' }, parsed.error.issues[0]?.path.join('.') ?? '');
      if (parsed.data === null) return undefined;
      const { wal_files: walFiles, bytes, snapshot_index: snapshotIndex, commit_index: commitIndex, v3 } = parsed.data;
      return {
        walFiles,
        bytes,
        snapshotIndex: BigInt(snapshotIndex),
        commitIndex: commitIndex === null ? undefined : BigInt(commitIndex),
        v3: { held: v3.held, revision: BigInt(v3.revision), totalKeys: v3.total_keys },
      };
    },
    fetchBackup: async (toPath, progress) =>
      await fetchFile({ client, clock, arguments: { what: 'v2-backup', of_run: run }, name: 'backup' }, toPath, progress),
    async force() {
      const { force } = await looks.at();
      return { inUnit: force.in_unit, inSettings: force.in_settings, inProcess: force.in_process ?? undefined };
    },
  };
}
