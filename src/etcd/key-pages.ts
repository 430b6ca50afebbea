/** Reads the keys of one member's own store in pages whose size follows that of the values, for a sample. */
import type { IRangeRequest, IRangeResponse } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { AskDeps } from './ask.ts';
import type { Endpoint } from './endpoint.ts';
import type { KeySample } from './etcd.ts';
import { toOpsError, unanswered } from './failure.ts';
import { isDeadline, isTooLarge } from './grpc-error.ts';
import { look } from './look.ts';
import { sample } from './sample.ts';
import type { KeyPage, KeyPages } from './sample.ts';
import { inWords } from './in-words.ts';

/** The whole sample, from its first request on. */
const sampleLimitMs = 3_000;
/** Nobody knows how large values are before they are read: pages begin small, grow while they stay under `pageBytes`, and shrink over it. */
const firstPageKeys = 8;
const mostPageKeys = 500;
const pageBytes = 1_024 * 1_024;
const pageGrowth = 4;
/** grpc-js takes no larger message; a value that alone is over this weighs at least so much. */
const largestMessageBytes = 4 * 1_024 * 1_024;

const toTheEnd = Buffer.from([0]);

/**
 * Samples the keys of the cluster, out of the store of a voter that follows the leader where there is one: not of one that is cut off.
 * @throws OpsError ETCD_* when no member gives them
 */
export async function sampleKeys(deps: AskDeps): Promise<KeySample> {
  const endpoint = await quietest(deps);
  try {
    const found = await sample(keyPages(endpoint, deps));
    if (found !== undefined) return found;
  } catch (error) {
    throw await toOpsError('sample of its keys', error, endpoint, sampleLimitMs);
  }
  throw unanswered('sample of its keys', endpoint, { code: 'timeout', reason: `no answer within ${inWords(sampleLimitMs)}` });
}

async function quietest(deps: AskDeps): Promise<Endpoint> {
  const { endpoints } = await look(deps);
  const voters = endpoints.flatMap((one, index) => (one.answers && !one.status.isLearner ? [{ status: one.status, index }] : []));
  const led = voters.filter(({ status }) => status.leader !== undefined);
  const chosen = led.find(({ status }) => status.leader !== status.memberId) ?? led[0] ?? voters[0];
  const endpoint = chosen === undefined ? undefined : deps.endpoints[chosen.index];
  if (endpoint !== undefined) return endpoint;
  const reasons = endpoints.flatMap((one) => (one.answers ? [] : [`${one.member}: ${one.reason}`])).join(', ');
  throw new OpsError('ETCD_UNREACHABLE', `The sample of the keys reached no voter (${reasons}).`);
}

function keyPages(endpoint: Endpoint, { clock }: AskDeps): KeyPages {
  const began = clock.now().getTime();
  const leftMs = () => sampleLimitMs - (clock.now().getTime() - began);
  const range = async (from: string, to: string | undefined, what: IRangeRequest): Promise<IRangeResponse | 'too-large' | 'late'> => {
    const request = { key: bytesOf(from), range_end: to === undefined ? toTheEnd : bytesOf(to), serializable: true, ...what };
    try {
      return await endpoint.call(Math.max(leftMs(), 0), (client, options) => client.kv.range(request, options));
    } catch (error) {
      if (isTooLarge(error)) return 'too-large';
      if (isDeadline(error) && began + sampleLimitMs <= clock.now().getTime()) return 'late';
      throw error;
    }
  };
  let pageKeys = firstPageKeys;
  const read: KeyPages['read'] = async (from, to, limit) => {
    const keys = Math.min(pageKeys, limit);
    const answer = await range(from, to, { limit: keys });
    if (answer === 'late') return { keys: [], more: true };
    if (answer !== 'too-large') {
      const page = pageOf(answer);
      pageKeys = nextPageKeys(keys, page);
      return page;
    }
    if (keys === 1) {
      const alone = await range(from, to, { limit: 1, keys_only: true });
      return typeof alone === 'string' ? { keys: [], more: true } : pageOf(alone, largestMessageBytes);
    }
    pageKeys = Math.max(1, Math.floor(keys / pageGrowth));
    return await read(from, to, pageKeys);
  };
  return {
    count: async (from, to) => {
      const answer = await range(from, to, { count_only: true });
      return typeof answer === 'string' ? undefined : Number(answer.count);
    },
    read,
    isOver: () => leftMs() <= 0,
  };
}

/** @param valueBytes of every value, when they were not read */
function pageOf({ kvs, more }: IRangeResponse, valueBytes?: number): KeyPage {
  return {
    keys: kvs.map(({ key, value, version }) => ({
      key: key.toString('latin1'),
      bytes: key.length + (valueBytes ?? value.length),
      version: BigInt(version),
    })),
    more,
  };
}

/** How many keys the next page may hold when this one held `keys`. */
export function nextPageKeys(keys: number, page: KeyPage): number {
  const bytes = page.keys.reduce((sum, key) => sum + key.bytes, 0);
  const fitting = Math.floor((keys * pageBytes) / Math.max(bytes, 1));
  return Math.max(1, Math.min(fitting, keys * pageGrowth, mostPageKeys));
}

function bytesOf(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}
