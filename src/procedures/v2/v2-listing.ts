/** The stored backups of API 2, for `backups`. */
import type { AnswerPart } from '../answer.ts';
import { v2BackupInWords } from './v2-words.ts';
import { bytesInWords, durationInWords, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** So many are listed. */
const shown = 10;

/** Nothing for a cluster that has none. */
export async function v2Parts({
  snapshots,
  cluster,
  clock,
}: Pick<World, 'snapshots' | 'cluster' | 'clock'>): Promise<readonly AnswerPart[]> {
  const stored = await snapshots.v2.list();
  if (stored.length === 0) return [];
  const sentences = stored.slice(0, shown).map((one) => {
    if (!one.ok) return `Not usable: ${one.file}: ${one.because}`;
    const { record } = one;
    const age = durationInWords(clock.now().getTime() - record.takenAt.getTime());
    const keys = record.keys === undefined ? '' : `, ${plural(record.keys, 'key')}`;
    return `${record.id}: ${age} old, ${bytesInWords(record.bytes)}${keys}, ${v2BackupInWords(record)}, etcd ${record.etcdVersion}.${record.doubts.map((doubt) => ` But ${doubt}.`).join('')}`;
  });
  const head = `${plural(stored.length, 'backup')} of API 2, which \`v2-restore ${cluster.name}\` puts back:`;
  return [head, ...sentences].map((text) => ({ type: 'sentence', text }));
}
