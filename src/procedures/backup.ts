/** Save a snapshot of a cluster, checked, into the backup directory (docs/runbooks/backup.md). */
import { z } from 'zod';
import { change, check } from '../engine/step.ts';
import { holds } from '../engine/finding.ts';
import { OpsError } from '../errors.ts';
import { MemberName } from '../ids.ts';
import { defineProcedure } from './procedure.ts';
import { chooseSource, savingSnapshot, snapshotChecked, SnapshotSource } from './restoring/safety-snapshot.ts';
import { goneInWords } from './restoring/stored.ts';
import { bytesInWords } from '../engine/words.ts';

const Input = z.object({ from: MemberName.optional() });

/** Backup: one member, one stream, checked twice. */
export const backup = defineProcedure({
  id: 'backup',
  summary: 'save a checked snapshot of the cluster',
  permission: 'operate',
  exclusive: false,
  arguments: [
    {
      name: 'from',
      kind: 'option',
      required: false,
      placeholder: '<member>',
      description: 'the member to take it from; without it a follower that has caught up',
    },
  ],
  input: Input,
  prepared: SnapshotSource,
  async prepare({ from }, world) {
    const { source, status } = await chooseSource(world, from);
    return {
      prepared: source,
      summary: `Save a snapshot of ${source.member} (${bytesInWords(status.dbSizeBytes)}, revision ${status.revision})`,
    };
  },
  steps: (source, world) => [
    change('save-snapshot', `Save a snapshot from ${source.member}`, savingSnapshot(source, world)),
    check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', () => snapshotChecked(world)),
    check('v2-keys', 'See whether there are API 2 keys, which a v3 snapshot does not hold', async () => v2Remark(source.v2Keys)),
  ],
  async conclusion(_prepared, { runId, snapshots, cluster }) {
    const record = await snapshots.takenBy(runId);
    if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', await goneInWords(snapshots, 'The snapshot that this run took'));
    const v2 = record.v2Keys === 'some' ? ' It does not hold the API 2 keys of this cluster.' : '';
    return `Snapshot ${record.id} of ${cluster.name} is saved and checked: ${bytesInWords(record.bytes)}, revision ${record.revision}, ${record.totalKeys} keys, sha256 ${record.sha256.slice(0, 12)}….${v2}`;
  },
});

function v2Remark(v2Keys: SnapshotSource['v2Keys']) {
  switch (v2Keys) {
    case 'some':
      return holds('This cluster holds API 2 keys. A v3 snapshot does not hold them: after a restore from it they are gone.');
    case 'none':
      return holds('API 2 is served and holds no keys.');
    case 'not-served':
      return holds('API 2 is not served.');
    case 'unknown':
      return holds('It could not be seen whether there are API 2 keys; if there are, this snapshot does not hold them.');
  }
}
