/** The stored snapshots of a cluster, newest first. */
import { z } from 'zod';
import { defineQuery } from './procedure.ts';
import { doubted, doubtInWords, trusted } from './restoring/stored.ts';
import { v2Parts } from './v2/v2-listing.ts';
import { bytesInWords, durationInWords, instantInWords, plural } from '../engine/words.ts';

/** Lists snapshots; flawed ones stand in the list with their reason, because a backup one counts on must not vanish silently. */
export const backups = defineQuery({
  id: 'backups',
  summary: 'list the stored snapshots, newest first',
  permission: 'read',
  arguments: [],
  input: z.object({}),
  async answer(_input, { cluster, snapshots, clock }) {
    const [stored, v2] = await Promise.all([snapshots.list(), v2Parts({ cluster, snapshots, clock })]);
    const good = stored.flatMap((snapshot) => (snapshot.ok ? [snapshot.record] : []));
    const flawed = stored.flatMap((snapshot) =>
      snapshot.ok || snapshot.usableAs !== undefined ? [] : [`Not usable: ${snapshot.file}: ${snapshot.because}`],
    );
    const own = stored.flatMap((snapshot) =>
      snapshot.ok || snapshot.usableAs === undefined
        ? []
        : [
            `${snapshot.file} was put here by a person, and nobody vouches for it; \`restore ${cluster.name} --snapshot ${snapshot.usableAs}\` takes it.`,
          ],
    );
    const copies = good.filter(({ kind }) => kind === 'database-copy').map(({ id }) => copyInWords(id));
    const doubts = doubted(stored).map((record) => `${doubtInWords(record)}. A restore takes it only when it is named.`);
    const [newest] = trusted(stored);
    if (good.length === 0) {
      return {
        headline: `There is no usable snapshot of ${cluster.name}.`,
        parts: [...[...flawed, ...own].map((text) => ({ type: 'sentence' as const, text })), ...v2],
        next: `backup ${cluster.name}`,
      };
    }
    const age = newest === undefined ? undefined : durationInWords(clock.now().getTime() - newest.takenAt.getTime());
    const headline = `${plural(good.length, 'snapshot')} of ${cluster.name}; ${age === undefined ? 'none that a restore takes without its name' : `the newest is ${age} old`}.`;
    return {
      headline,
      parts: [
        {
          type: 'table',
          table: {
            columns: [
              { title: 'ID', align: 'left' },
              { title: 'TAKEN', align: 'left' },
              { title: 'FROM', align: 'left' },
              { title: 'REVISION', align: 'right' },
              { title: 'KEYS', align: 'right' },
              { title: 'SIZE', align: 'right' },
              { title: 'ETCD', align: 'left' },
              { title: 'SHA256', align: 'left' },
            ],
            rows: good.map((record) => [
              `${record.id}${record.kind === 'snapshot' ? '' : ' (copy)'}${record.doubts.length === 0 ? '' : ' (in doubt)'}`,
              instantInWords(record.takenAt),
              record.member,
              String(record.revision),
              String(record.totalKeys),
              bytesInWords(record.bytes),
              record.etcdVersion,
              record.sha256.slice(0, 12),
            ]),
          },
        },
        ...[...doubts, ...copies, ...own, ...flawed].map((text) => ({ type: 'sentence' as const, text })),
        ...v2,
      ],
      ...(newest === undefined && { next: `backup ${cluster.name}` }),
    };
  },
});

/** It has no SHA-256 of its own, so it is never taken without being named. */
function copyInWords(id: string): string {
  return `${id} is a copied database of a stopped member: it has no SHA-256 of its own, and a restore takes it only when it is named.`;
}
