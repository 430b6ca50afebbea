/** When a member's database counts as defragmented. */
import type { EndpointStatus } from '../../etcd/etcd.ts';

/** Free pages up to this share of the database, or up to this many bytes, are not worth a rewrite: a busy member always has some. */
const freeShareTolerated = 0.05;
const freeTolerated = 2 * 1024 * 1024;

/** Whether a rewrite of this database would give nothing back that is worth it. */
export function isDefragmented({ dbSizeBytes, dbSizeInUseBytes }: Pick<EndpointStatus, 'dbSizeBytes' | 'dbSizeInUseBytes'>): boolean {
  return dbSizeBytes - dbSizeInUseBytes <= Math.max(freeTolerated, dbSizeBytes * freeShareTolerated);
}
