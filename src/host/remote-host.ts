/** One host, as the program on it answers: puts the parts of this folder together behind `Host`. */
import { z } from 'zod';
import type { Approval } from '../engine/approval.ts';
import type { Clock } from '../engine/ports.ts';
import { OpsError } from '../errors.ts';
import type { MemberName, RunId } from '../ids.ts';
import { actLimitMs, plannedCommands, wireAct, wireSettings } from './acts.ts';
import { certificateFacts } from './certificates.ts';
import { unknownAnswer } from './failures.ts';
import { fenced, portsSeen, silent } from './fence.ts';
import { fetchFile } from './fetch.ts';
import { cleanedLines } from '../engine/foreign-text.ts';
import { handOver } from './hand-over.ts';
import type { HostAnswer, HostRequest } from './request.ts';
import type { HostClient } from './host-client.ts';
import type { ChangeAct, DestroyAct, Foreseen, Host, HostAct, Part, RestoredFacts, RestoredPart } from './host.ts';
import * as limits from './limits.ts';
import { createLooks, lookRequest, seenOf } from './looks.ts';
import type { Looks, Seen } from './looks.ts';
import { approvedFor } from './operation.ts';
import { optional } from './optional.ts';
import { dirFacts, entryOf, roomBeside, runsOf } from './parts.ts';
import { portsOf } from './ports.ts';
import type { lookAtPort } from './ports.ts';
import { preflightFacts } from './preflight.ts';
import { configurationFacts, configuredFinding, formerSettings } from './settings.ts';
import { sightOf, unitState } from './sight.ts';
import { createHostV2 } from './v2-host.ts';

export interface RemoteHostDeps {
  readonly client: HostClient;
  readonly member: MemberName;
  readonly address: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly unit: string;
  /** Whose snapshot, restored and aside data are meant; plans name it. */
  readonly run: RunId;
  readonly clock: Pick<Clock, 'now'>;
  readonly monotonicMs: () => number;
  /** How a port is looked at from here. */
  readonly probe?: typeof lookAtPort;
}

/** Makes the host; asks it nothing yet. */
export function createRemoteHost(deps: RemoteHostDeps): Host {
  const { client, member, address, unit, run, clock } = deps;
  const { where } = client;
  const looks = createLooks(client, deps.monotonicMs);
  const fence = { ...deps, where, probe: deps.probe ?? portsOf(address), look: async () => await looks.at() };
  return {
    member,
    address,
    unitName: unit,
    ...looksOf(client, looks),
    preflight: async (purposes = ['restore']) =>
      preflightFacts(where, sightOf(where, await looks.at({ sizes: true, tools: true, certificates: true })), purposes),
    sight: async () => sightOf(where, await looks.at({ sizes: true, tools: true, certificates: true })),
    ports: async () => await portsSeen(fence),
    fenced: async () => await fenced(fence),
    async plan(acts, assuming = []) {
      const { done } = await client.ask(planRequest(run, acts, assuming));
      return plannedCommands(done, { where, member, assumed: assuming.length, asked: acts.length });
    },
    ...actsOf({ client, looks, run, member }, async () => await silent(fence)),
    async handOver(delivery, progress, foreseen) {
      const seen = await looks.lately({ runs: [run] });
      const after = requestsOf(run, foreseen);
      await looks.during(async () => took(where, await handOver({ client, run, clock, seen, after }, delivery, progress)));
    },
    fetchDatabase: async (toPath, progress) =>
      await fetchFile({ client, clock, arguments: { what: 'database' }, name: 'database' }, toPath, progress),
    v2: createHostV2({ client, looks, run, clock }),
  };
}

function planRequest(run: RunId, acts: readonly HostAct[], assuming: readonly HostAct[] = []): HostRequest {
  const wired = [...assuming, ...acts].map((act) => wireAct(act));
  return { verb: 'plan', what: 'plan', limitMs: limits.lookLimitMs, run, arguments: { acts: wired } };
}

function databaseRequest(part: RestoredPart): HostRequest {
  return {
    verb: 'database',
    what: `database of ${part === 'data' ? 'data' : part.what}`,
    limitMs: limits.statusLimitMs,
    arguments: part === 'data' ? { of: 'data' } : { of: part.what, of_run: part.run },
  };
}

/** As whoever asks for it then will ask. */
function requestsOf(run: RunId, { plan, dir, restored }: Foreseen = {}): readonly HostRequest[] {
  return [
    ...(restored === undefined ? [] : [databaseRequest(restored)]),
    ...(plan === undefined ? [] : [planRequest(run, plan.acts, plan.assuming)]),
    ...(dir === undefined ? [] : [lookRequest({ ...runsOf([dir]), sizes: true })]),
  ];
}

const Status = z
  .object({
    revision: z.string().regex(/^-?[0-9]{1,20}$/),
    totalKeys: z.int().min(0),
    totalSize: z.int().min(0),
    hash: z.string().regex(/^[0-9a-f]{1,16}$/),
  })
  .nullable();
const Reached = z.object({ reach: z.enum(['open', 'refused', 'no-answer', 'unreachable']) });

type LooksOfHost = Pick<
  Host,
  | 'unit'
  | 'dir'
  | 'dirs'
  | 'has'
  | 'beside'
  | 'restored'
  | 'configuration'
  | 'configured'
  | 'settingsBefore'
  | 'freeBytes'
  | 'certificates'
  | 'reach'
>;

/** What is asked and changes nothing. */
function looksOf(client: HostClient, looks: Looks): LooksOfHost {
  const { where } = client;
  const dirs: Host['dirs'] = async (parts) => {
    const seen = await looks.at({ ...runsOf(parts), sizes: true });
    return parts.map((part) => dirFacts(where, seen, part));
  };
  return {
    unit: async () => unitState(await looks.at()),
    async dir(part) {
      return dirFacts(where, await looks.at({ ...runsOf([part]), sizes: true }), part);
    },
    dirs,
    has: async (part) => entryOf(where, await looks.at(runsOf([part])), part).entry !== null,
    beside: async () => (await looks.at()).place.beside,
    async restored(part) {
      const { done } = await client.ask(databaseRequest(part));
      return restoredFacts(where, done);
    },
    configuration: async () => configurationFacts(await looks.at()),
    configured: async (settings) => configuredFinding(where, await looks.at(), settings),
    async settingsBefore(settings) {
      const { done } = await client.ask({
        verb: 'settings-before',
        what: 'settings-before',
        limitMs: limits.lookLimitMs,
        arguments: wireSettings(settings),
      });
      return formerSettings(where, done, settings);
    },
    async freeBytes() {
      const seen = await looks.at();
      return seen.data_free_bytes ?? roomBeside(where, seen);
    },
    certificates: async () => certificateFacts(where, (await looks.at({ certificates: true })).certificates ?? []),
    async reach(to, port) {
      demandAddress(to, port);
      const { done } = await client.ask({ verb: 'reach', what: 'reach', limitMs: limits.lookLimitMs, arguments: { address: to, port } });
      const parsed = Reached.safeParse(done);
      if (!parsed.success) throw unknownAnswer({ where, what: 'reach' }, 'it is no word on a port');
      return parsed.data.reach;
    },
  };
}

function restoredFacts(where: string, done: unknown): RestoredFacts | undefined {
  const parsed = Status.safeParse(done);
  if (!parsed.success) throw unknownAnswer({ where, what: 'database' }, parsed.error.issues[0]?.path.join('.') ?? '');
  if (parsed.data === null) return undefined;
  const { revision, totalKeys, totalSize, hash } = parsed.data;
  return { revision: BigInt(revision), totalKeys, totalSizeBytes: totalSize, hash };
}

/** The same form as in config.yaml. @throws OpsError ARGUMENT_UNSAFE */
function demandAddress(address: string, port: number): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/.test(address) && !/^::[0-9A-Fa-f:.]{0,43}$/.test(address)) {
    throw new OpsError('ARGUMENT_UNSAFE', `${JSON.stringify(address.slice(0, 80))} is no host name and no address.`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new OpsError('ARGUMENT_UNSAFE', `${port} is no TCP port.`);
}

interface Acting {
  readonly client: HostClient;
  readonly looks: Looks;
  readonly run: RunId;
  readonly member: MemberName;
}

/** What changes something. */
function actsOf({ client, looks, run, member }: Acting, proveSilent: Host['fenced']): Pick<Host, 'do' | 'destroy'> {
  const act = async (change: ChangeAct | DestroyAct, foreseen?: Foreseen, approved?: readonly (readonly string[])[]) => {
    // The file that is worked on says how long that may take.
    const isAboutFile = change.act === 'restore' || change.act === 'v2-unpack';
    const part: Part = { run, what: 'snapshot' };
    const bytes = isAboutFile ? (entryOf(client.where, await looks.at(runsOf([part])), part).entry?.bytes ?? 0) : 0;
    return await looks.during(async () => {
      const answer = await client.ask({
        verb: 'do',
        what: `do ${change.act}`,
        limitMs: actLimitMs(change, bytes),
        arguments: { act: wireAct(change), ...(approved !== undefined && { approved }) },
        after: requestsOf(run, foreseen),
      });
      return took(client.where, answer);
    });
  };
  return {
    async do(change, foreseen) {
      const { difference } = await act(change, foreseen);
      return difference === undefined ? {} : { difference: cleanedLines(difference, limits.differenceMaxCharacters) };
    },
    async destroy(change: DestroyAct, approval: Approval, foreseen) {
      if (change.act === 'swap' || change.act === 'put-aside' || change.act === 'put-back') {
        // The program proves the rest itself, under its lock. How the ports look from outside it cannot know.
        const finding = await proveSilent();
        if (!finding.holds) throw notFenced(client.where, change.act, finding.because);
      }
      await act(change, foreseen, approvedFor(member, approval.plan));
    },
  };
}

const done = { swap: 'swapped', 'put-aside': 'put aside', 'put-back': 'put back' } as const;

function notFenced(where: string, act: keyof typeof done, because: string): OpsError {
  return new OpsError('FENCE_FAILED', `The data-dir on ${where} is not ${done[act]}, because etcd is not proven to be stopped: ${because}`);
}

const Done = z.object({ result: z.object({ difference: optional(z.string()) }).nullish(), look: z.unknown() });

/** The result of an act, and the look that came with it. @throws OpsError HOST_OUTPUT_UNKNOWN */
function took(where: string, answer: HostAnswer): { readonly seen: Seen; readonly difference: string | undefined } {
  const parsed = Done.safeParse(answer.done);
  if (!parsed.success) throw unknownAnswer({ where, what: 'do' }, 'it does not say what it did');
  return { seen: seenOf(where, parsed.data.look, answer), difference: parsed.data.result?.difference };
}
