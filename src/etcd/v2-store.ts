/** API 2 of one cluster over HTTPS: reads and writes keys, compares what members hold, and settles writes before a backup. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OpsError } from '../errors.ts';
import type { RecordCommand } from '../engine/command.ts';
import type { Clock } from '../engine/ports.ts';
import { recorded } from './commands.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointLook } from './etcd.ts';
import { look, lookAt } from './look.ts';
import type { EtcdV2, EtcdV2Commands, V2Contents } from './v2.ts';
import { brokenV2, notServed, refusedV2, v2ErrorCodes, v2ErrorOf } from './v2-failure.ts';
import { askV2 } from './v2-request.ts';
import type { V2Answer, V2Question } from './v2-request.ts';

/** One request, the look for a member with a leader not included. */
const requestLimitMs = 5_000;
/** A value, or one directory with its entries. */
const nodeLimitBytes = 8 * 1_024 * 1_024;
/** The listing of a whole store. */
const contentsLimitMs = 60_000;
const contentsLimitBytes = 128 * 1_024 * 1_024;
/**
 * Reads with quorum before a backup. Each is an entry of the raft log that `etcdctl backup` keeps and that holds no data, so what it
 * may lose at the end of the log is these: it shortens the committed part by every API 3 entry, committed or not.
 */
const settlingReads = 64;

/** What API 2 needs. */
export interface V2Deps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly record: RecordCommand;
  readonly commands: EtcdV2Commands;
}

interface Node {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly dir?: boolean | undefined;
  readonly nodes?: readonly Node[] | undefined;
  readonly modifiedIndex?: number | undefined;
  readonly createdIndex?: number | undefined;
}
const Node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    key: z.string().optional(),
    value: z.string().optional(),
    dir: z.boolean().optional(),
    nodes: z.array(Node).optional(),
    modifiedIndex: z.number().optional(),
    createdIndex: z.number().optional(),
  }),
);
const Answered = z.object({ node: Node });

/** Makes it; asks nothing yet. */
export function createV2(deps: V2Deps): EtcdV2 {
  const { record, clock, commands } = deps;
  return {
    put: (key, value) =>
      recorded({ record, clock }, { command: commands.put(key, value), changes: true, output: ({ index }) => `OK, index ${index}` }, () =>
        put(deps, key, value),
      ),
    get: (key) => get(deps, key),
    contents: (from) => contents(deps, from),
    settle: () =>
      recorded(
        { record, clock },
        { command: commands.settle(), changes: false, output: ({ raftIndex }) => `raft index ${raftIndex}` },
        () => settle(deps),
      ),
    commands,
  };
}

async function put(deps: V2Deps, key: string, value: string): Promise<{ readonly index: bigint }> {
  const what = `put of ${key} (API 2)`;
  const { endpoint, answer } = await askServing(deps, what, { method: 'PUT', key, form: { value } });
  if (answer.status !== 200 && answer.status !== 201) throw refusedV2(what, endpoint, answer);
  return { index: answer.index };
}

async function get(deps: V2Deps, key: string): ReturnType<EtcdV2['get']> {
  const what = `get of ${key} (API 2)`;
  const { endpoint, answer } = await askServing(deps, what, { method: 'GET', key, query: { quorum: 'true', sorted: 'true' } });
  if (v2ErrorOf(answer)?.errorCode === v2ErrorCodes.keyNotFound) return undefined;
  const { node } = nodeOf(what, endpoint, answer);
  if (node.dir === true) return { type: 'directory', entries: (node.nodes ?? []).flatMap((each) => each.key ?? []) };
  return {
    type: 'value',
    value: node.value ?? '',
    modifiedIndex: BigInt(node.modifiedIndex ?? 0),
    createdIndex: BigInt(node.createdIndex ?? 0),
  };
}

async function contents({ endpoints, clock }: V2Deps, from: Endpoint['member']): Promise<V2Contents> {
  const what = 'listing of API 2';
  const endpoint = endpoints.find(({ member }) => member === from);
  if (endpoint === undefined) throw new OpsError('INPUT_INVALID', `The cluster has no member ${from}.`);
  const answer = await ask(endpoint, what, {
    method: 'GET',
    key: '/',
    query: { recursive: 'true', sorted: 'true', quorum: 'false' },
    limitMs: contentsLimitMs,
    limitBytes: contentsLimitBytes,
  });
  if (isNotServed(answer)) {
    const { look: seen } = await lookAt(endpoint, clock);
    throw notServed(endpoint, seen.answers ? seen.status.version : undefined);
  }
  if (answer.status === 200 && answer.body === undefined) return { keys: undefined, digest: `index ${answer.index}`, index: answer.index };
  const hash = createHash('sha256');
  let keys = 0;
  // Without TTLs: those run down between one member's answer and the next one's.
  const add = ({ key = '/', dir = false, value, modifiedIndex, createdIndex, nodes = [] }: Node) => {
    hash.update(`${JSON.stringify([key, dir, value, modifiedIndex, createdIndex])}\n`);
    if (!dir) keys += 1;
    for (const one of nodes) add(one);
  };
  add(nodeOf(what, endpoint, answer).node);
  return { keys, digest: hash.digest('hex'), index: answer.index };
}

async function settle(deps: V2Deps): Promise<{ readonly raftIndex: bigint }> {
  const what = 'read with quorum (API 2)';
  const question = { method: 'GET', key: '/', query: { quorum: 'true', recursive: 'false' } } as const;
  const { endpoint, answer: first } = await askServing(deps, what, question);
  nodeOf(what, endpoint, first);
  let raftIndex = first.raftIndex;
  for (let done = 1; done < settlingReads; done += 1) {
    const answer = await ask(endpoint, what, { ...question, limitMs: requestLimitMs, limitBytes: nodeLimitBytes });
    if (answer.status !== 200) throw refusedV2(what, endpoint, answer);
    raftIndex = answer.raftIndex;
  }
  return { raftIndex };
}

function nodeOf(what: string, endpoint: Endpoint, answer: V2Answer): z.infer<typeof Answered> {
  const parsed = Answered.safeParse(answer.body);
  if (answer.status !== 200 || !parsed.success) throw refusedV2(what, endpoint, answer);
  return parsed.data;
}

/** A server without API 2 knows no such path, and answers without etcd's JSON. */
function isNotServed(answer: V2Answer): boolean {
  return answer.status === 404 && v2ErrorOf(answer) === undefined;
}

/** Asks a member that knows a leader and serves API 2; those that do not serve it have carried nothing out. */
async function askServing(
  deps: V2Deps,
  what: string,
  question: Omit<V2Question, 'limitMs' | 'limitBytes'>,
): Promise<{ readonly endpoint: Endpoint; readonly answer: V2Answer }> {
  const seen = await look(deps);
  let refusal: OpsError | undefined;
  for (const [index, one] of seen.endpoints.entries()) {
    const endpoint = deps.endpoints[index];
    if (endpoint === undefined || !one.answers || one.status.leader === undefined || one.status.isLearner) continue;
    if (question.method === 'PUT') await endpoint.permit();
    const answer = await ask(endpoint, what, { ...question, limitMs: requestLimitMs, limitBytes: nodeLimitBytes });
    if (!isNotServed(answer)) return { endpoint, answer };
    refusal ??= notServed(endpoint, one.status.version);
  }
  if (refusal !== undefined) throw refusal;
  const silent = seen.endpoints.flatMap((one) => (one.answers ? [] : [one]));
  if (silent.length < seen.endpoints.length)
    throw new OpsError('ETCD_NO_QUORUM', `The ${what} cannot be carried out: ${seen.quorum.sentence}`);
  throw new OpsError(
    codeOf(silent),
    `The ${what} reached no member (${silent.map(({ member, reason }) => `${member}: ${reason}`).join(', ')}).`,
  );
}

async function ask(endpoint: Endpoint, what: string, question: V2Question): Promise<V2Answer> {
  try {
    return await askV2(endpoint, question);
  } catch (error) {
    throw await brokenV2(what, error, endpoint, question.limitMs);
  }
}

function codeOf(silent: readonly Extract<EndpointLook, { answers: false }>[]) {
  if (silent.every(({ code }) => code === 'tls')) return 'ETCD_TLS_FAILED';
  return silent.every(({ code }) => code === 'auth') ? 'ETCD_AUTH_FAILED' : 'ETCD_UNREACHABLE';
}
