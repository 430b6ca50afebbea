/** Counts the keys of API 3: as a quorum agrees on them, or, without one, as the most advanced member that answers has them. */
import { askLeader, askMember } from './ask.ts';
import type { AskDeps, Question } from './ask.ts';
import type { KeyCount } from './etcd.ts';
import { look } from './look.ts';
import { OpsError } from '../errors.ts';

const limitMs = 5_000;
/** The key zero and the range end zero: all keys. */
const zero = Buffer.from([0]);

/** @throws OpsError ETCD_* when nobody says */
export async function countKeys(deps: AskDeps): Promise<KeyCount> {
  const { endpoints, quorum } = await look(deps);
  if (quorum.holds) return { keys: await askLeader(deps, counting(false)), of: 'quorum' };
  const newest = endpoints
    .flatMap((one, index) => (one.answers && !one.status.isLearner ? [{ status: one.status, endpoint: deps.endpoints[index] }] : []))
    .toSorted((a, b) => Number(b.status.raftAppliedIndex - a.status.raftAppliedIndex))[0];
  if (newest?.endpoint === undefined) {
    const reasons = endpoints.flatMap((one) => (one.answers ? [] : [`${one.member}: ${one.reason}`])).join(', ');
    throw new OpsError('ETCD_UNREACHABLE', `The count of the keys reached no voter (${reasons}).`);
  }
  return { keys: await askMember(newest.endpoint, counting(true)), of: newest.endpoint.member };
}

function counting(serializable: boolean): Question<number> {
  return {
    what: 'count of the keys',
    limitMs,
    request: async (client, options) => {
      const { count } = await client.kv.range({ key: zero, range_end: zero, count_only: true, serializable }, options);
      return Number(count);
    },
  };
}
