/** Back up what was written with API 2, which no snapshot holds, off the hosts (docs/runbooks/v2-backup.md). */
import { z } from 'zod';
import { allOf, fails, holds, that } from '../engine/finding.ts';
import { change, check } from '../engine/step.ts';
import { OpsError, isOpsError } from '../errors.ts';
import type { ChangeAct, Host } from '../host/host.ts';
import { MemberName } from '../ids.ts';
import { planOn } from './host-plans.ts';
import { placeOf } from './replacing/joining-host.ts';
import { defineProcedure } from './procedure.ts';
import { makeV2Backup, v2BackupUsable } from './v2/v2-making.ts';
import { V2Source, chooseV2Source } from './v2/v2-source.ts';
import { v2BackupInWords } from './v2/v2-words.ts';
import { goneInWords } from './restoring/stored.ts';
import { bytesInWords, list, plural } from '../engine/words.ts';

const Input = z.object({ from: MemberName.optional() });

/** https://etcd.io/docs/v2.3/admin_guide/#disaster-recovery */
export const v2Backup = defineProcedure({
  id: 'v2-backup',
  summary: 'back up what was written with API 2 (etcd up to 3.5)',
  permission: 'operate',
  exclusive: false,
  arguments: [
    {
      name: 'from',
      kind: 'option',
      required: false,
      placeholder: '<member>',
      description: 'the member to make it of, running or stopped; without it a follower that has caught up',
    },
  ],
  input: Input,
  prepared: V2Source,
  async prepare({ from }, world) {
    const prepared = await chooseV2Source(world, from);
    const keys = prepared.keys === null ? '' : ` (${plural(prepared.keys, 'key')})`;
    const at = prepared.raftIndex === '0' ? 'stopped' : `raft index ${prepared.raftIndex}`;
    return { prepared, summary: `Back up API 2 of ${prepared.member}${keys}, ${at}` };
  },
  steps(source, world) {
    const { runId, snapshots } = world;
    const { host } = placeOf(world, source.member);
    const restored = { run: runId, what: 'restored' } as const;
    return [
      check('preflight', `Look at the host of ${source.member}: access, tool`, async () => {
        const { serverVersion, tool, freeBytes } = await host.preflight(['v2-backup']);
        return holds(`${source.member}: etcd ${serverVersion}, ${tool.program} ${tool.version}, ${bytesInWords(freeBytes)} free.`);
      }),
      change('make-backup', `Back up the data-dir of ${source.member} beside itself`, {
        plan: async () => [
          ...(source.raftIndex > 0n ? [world.etcd.v2.commands.settle()] : []),
          ...(await planOn([host], () => [{ act: 'v2-backup' }])),
        ],
        run: () => makeV2Backup(source, host, world),
        verify: async () => that(await host.has(restored), `There is no backup on ${source.member} yet.`),
      }),
      check('check-backup', 'See that it was read back, and holds no data of API 3', async ({ mayWait }) => {
        const facts = await host.v2.inspect(runId);
        return facts === undefined && !mayWait ? holds('It is looked at once it is made.') : v2BackupUsable(source.member, facts);
      }),
      change('copy-off', 'Copy it off the host into the backup directory', {
        plan: () => planOn([host], () => [{ act: 'v2-fetch' }], made),
        run: async ({ progress }) => {
          const facts = await host.v2.inspect(runId);
          await snapshots.v2.save({
            run: runId,
            origin: { ...source, clusterId: source.clusterId ?? undefined, keys: source.keys ?? undefined, v3Keys: v3KeysOf(facts) },
            progress,
            fetch: (toPath, say) => host.v2.fetchBackup(toPath, say),
          });
        },
        verify: async () => {
          const record = await snapshots.v2.takenBy(runId);
          return record === undefined
            ? fails('the backup is not in the backup directory yet')
            : allOf([await snapshots.v2.check(record), holds(record.path)]);
        },
        deadlineMs: 5_000,
      }),
      change('clean-up', `Remove it from the host of ${source.member}`, {
        plan: () => planOn([host], () => tidying, made),
        run: () => tidyUp(host),
        verify: async () => {
          const left = (await host.beside()).filter((path) => path.includes(`.${runId}.`));
          return that(left.length === 0, `${list(left)} is still on ${source.member}.`);
        },
      }),
    ];
  },
  async abandon(source, world) {
    const { host } = placeOf(world, source.member);
    try {
      await tidyUp(host);
      return `On ${source.member} nothing is left of this run; etcd was not touched.`;
    } catch (error) {
      if (!isOpsError(error)) throw error;
      return `${source.member} could not be tidied up (${error.message}) docs/runbooks/v2-backup.md says what may lie there, and what is typed then.`;
    }
  },
  async conclusion(_source, { runId, snapshots, cluster }) {
    const record = await snapshots.v2.takenBy(runId);
    if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', await goneInWords(snapshots, 'The backup that this run made'));
    const keys = record.keys === undefined ? '' : `, ${plural(record.keys, 'key')}`;
    return `API 2 of ${cluster.name} is backed up as ${record.id}: ${bytesInWords(record.bytes)}${keys}, ${v2BackupInWords(record)}, sha256 ${record.sha256.slice(0, 12)}…. It holds nothing of API 3: that is what \`backup ${cluster.name}\` saves.`;
  },
});

/** It is there already, for a plan that is shown before. */
const made = () => [{ act: 'v2-backup' }] as const;

const tidying = [{ act: 'remove-scratch' }, { act: 'remove-restored' }] as const satisfies readonly ChangeAct[];

async function tidyUp(host: Host): Promise<void> {
  for (const act of tidying) await host.do(act);
}

function v3KeysOf(facts: { readonly v3: { readonly held: boolean; readonly totalKeys: number } } | undefined): number {
  return facts?.v3.held === true ? Math.max(1, facts.v3.totalKeys) : 0;
}
