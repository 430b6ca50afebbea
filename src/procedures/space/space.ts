/** Where a cluster's space went: sizes, quotas and disks by member, the heaviest prefixes, and what can be freed. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { ClusterLook, KeySample, PrefixWeight } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { answering, nameOf } from '../running/members.ts';
import type { Answering } from '../running/members.ts';
import { lookTwice } from '../running/patience.ts';
import { defaultQuotaBytes, raiseAdvice } from './room.ts';
import { bytesInWords, list, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** From this share of the quota on, a database is near its quota. */
const nearQuota = 0.8;
/**
 * etcd raises NOSPACE when a request would not fit any more, not when the file has reached the quota; this is the largest one it takes.
 * https://github.com/etcd-io/etcd/blob/release-3.5/server/embed/config.go (DefaultMaxRequestBytes)
 */
const largestRequestBytes = 1.5 * 1024 * 1024;
/** So many prefixes are named. */
const prefixesNamed = 3;

interface MemberSpace extends Answering {
  /** etcd's default when the member's metrics do not say. */
  readonly quotaBytes: number;
  /** Undefined when it is what the member says; else why it is not, in words. */
  readonly assumed: string | undefined;
  /** The metrics say nothing because they gave no answer. */
  readonly unanswered: boolean;
}

/** Says per member what is used of what, which prefixes weigh most, and what compaction and defragmentation can free. Only looks. */
export async function whatIsFull(world: World): Promise<Finding> {
  const look = await lookTwice(world);
  const [members, sample, disks] = await Promise.all([spaceOf(world, look), sampleOf(world), Promise.all(world.hosts.map(diskOf))]);
  const lines = members.map(
    (each) => `${sizeLine(each)}, ${disks.find(({ member }) => member === each.member)?.free ?? 'disk not looked at'}.`,
  );
  const advice = members[0] === undefined ? [] : await forecast(world, members, sample);
  return holds([...lines, alarmLine(look), ...prefixLines(sample), ...advice].join('\n'));
}

/** Whether every member's database is under its quota, so that a write fits: only then is NOSPACE taken back, or it comes again with the next write. */
export async function allUnderQuota(world: World): Promise<Finding> {
  const look = await lookTwice(world);
  const silent = look.endpoints
    .filter((endpoint) => !endpoint.answers)
    .map(({ member }) => fails(`${member} does not answer, so its size is not known.`));
  const members = await spaceOf(world, look);
  const findings = await Promise.all(members.map((each) => underQuota(world, each)));
  return allOf([...silent, ...findings]);
}

async function underQuota(world: World, each: MemberSpace): Promise<Finding> {
  const { member, status, quotaBytes } = each;
  // Taken for the default, a small quota would be taken for kept, and the alarm for settled.
  if (each.unanswered) return fails(`Whether ${member} is under its quota is not known: ${each.assumed}. Press Retry when it answers.`);
  if (status.dbSizeBytes + largestRequestBytes < quotaBytes) return holds(`${sizeLine(each)}.`);
  const host = world.hosts.find((one) => one.member === member);
  const raise = host === undefined ? '' : ` ${await raiseAdvice(world, host, status)}`;
  const over = `${member} is not under its quota: ${bytesInWords(status.dbSizeBytes)}, ${bytesInWords(status.dbSizeInUseBytes)} of it in use, quota ${quotaOf(each)}; a write of up to ${bytesInWords(largestRequestBytes)} must fit.`;
  return fails(
    `${over} Delete keys that are not needed (deletes are still taken), abort, and start \`recover-space ${world.cluster.name}\` anew.${raise}`,
  );
}

/** What to do so that it does not fill again. */
export async function preventionAdvice(world: World): Promise<readonly string[]> {
  const look = await lookTwice(world);
  const [members, sample] = await Promise.all([spaceOf(world, look), sampleOf(world)]);
  const near = members.filter(({ status, quotaBytes }) => status.dbSizeBytes >= nearQuota * quotaBytes).map(({ member }) => member);
  return [
    ...(near.length === 0 ? [] : [`${list(near)} ${near.length === 1 ? 'is' : 'are'} still near the quota: delete keys or raise it.`]),
    ...prefixLines(sample),
    'So that it does not fill again: `--auto-compaction-mode=periodic --auto-compaction-retention=1h` on every member, and leases or shorter histories for what is written most.',
  ];
}

/** Sizes and quotas of the members that answer. */
async function spaceOf({ etcd }: World, look: ClusterLook): Promise<readonly MemberSpace[]> {
  return Promise.all(
    answering(look).map(async (each) => {
      const quota = await quotaOrWhyNot(etcd, each.member);
      if (typeof quota === 'number') return { ...each, quotaBytes: quota, assumed: undefined, unanswered: false };
      return { ...each, quotaBytes: defaultQuotaBytes, assumed: quota ?? 'its metrics do not say', unanswered: quota !== undefined };
    }),
  );
}

/** The quota; undefined when the metrics do not say; as words why they gave no answer. */
async function quotaOrWhyNot(etcd: World['etcd'], member: MemberName): Promise<number | string | undefined> {
  try {
    return await etcd.quotaBytes(member);
  } catch (error) {
    if (isOpsError(error)) return error.message.replace(/\.$/, '');
    throw error;
  }
}

/** A sample that cannot be taken is no reason to leave a cluster full. */
async function sampleOf({ etcd }: World): Promise<KeySample | string> {
  try {
    return await etcd.sampleKeys();
  } catch (error) {
    if (isOpsError(error)) return error.message;
    throw error;
  }
}

async function diskOf(host: World['hosts'][number]): Promise<{ readonly member: string; readonly free: string }> {
  try {
    return { member: host.member, free: `${bytesInWords(await host.freeBytes())} free on its disk` };
  } catch (error) {
    if (isOpsError(error)) return { member: host.member, free: `its disk could not be looked at (${error.message.replace(/\.$/, '')})` };
    throw error;
  }
}

function sizeLine({ member, status, ...quota }: MemberSpace): string {
  return `${member}: ${bytesInWords(status.dbSizeBytes)}, ${bytesInWords(status.dbSizeInUseBytes)} of it in use, quota ${quotaOf(quota)}`;
}

function quotaOf({ quotaBytes, assumed }: Pick<MemberSpace, 'quotaBytes' | 'assumed'>): string {
  if (quotaBytes === Number.POSITIVE_INFINITY) return 'none (it is switched off)';
  return assumed === undefined ? bytesInWords(quotaBytes) : `${bytesInWords(quotaBytes)} (etcd’s default: ${assumed})`;
}

function alarmLine(look: ClusterLook): string {
  if (look.alarms === undefined) return 'The alarms could not be read.';
  if (look.alarms.length === 0) return 'No alarm.';
  return `Alarms: ${list(look.alarms.map(({ type, memberId }) => `${type} on ${nameOf(look, memberId)}`))}.`;
}

function prefixLines(sample: KeySample | string): string[] {
  if (typeof sample === 'string') return [`The keys could not be sampled: ${sample}`];
  if (sample.prefixes.length === 0) return ['There are no keys.'];
  const seen =
    sample.keysSeen === sample.keysTotal ? plural(sample.keysTotal, 'key') : `${sample.keysSeen} of ${plural(sample.keysTotal, 'key')}`;
  const most = (weigh: (prefix: PrefixWeight) => number) => sample.prefixes.toSorted((a, b) => weigh(b) - weigh(a)).slice(0, prefixesNamed);
  return [
    `Most bytes (${seen} looked at): ${list(most(({ bytes }) => bytes).map((p) => `${p.prefix} ${bytesInWords(p.bytes)} in ${plural(p.keys, 'key')}`))}.`,
    `Most revisions: ${list(most((p) => Number(p.revisions)).map((p) => `${p.prefix} ${p.revisions} in ${plural(p.keys, 'key')}`))}.`,
  ];
}

/** What defragmentation gives back, what compaction may add to it, and whether that is enough. */
async function forecast(world: World, members: readonly MemberSpace[], sample: KeySample | string): Promise<string[]> {
  const fullest = members.toSorted((a, b) => b.status.dbSizeBytes / b.quotaBytes - a.status.dbSizeBytes / a.quotaBytes)[0];
  if (fullest === undefined) return [];
  const { dbSizeBytes, dbSizeInUseBytes } = fullest.status;
  const present = typeof sample === 'string' ? undefined : presentBytes(sample);
  const history = present === undefined ? undefined : Math.max(0, dbSizeInUseBytes - present);
  const freed = [
    `On ${fullest.member} defragmentation alone gives back ${bytesInWords(dbSizeBytes - dbSizeInUseBytes)}`,
    ...(history === undefined
      ? []
      : [`compaction at most about ${bytesInWords(history)} more (present keys and values weigh about ${bytesInWords(present ?? 0)})`]),
  ].join('; ');
  if ((present ?? dbSizeInUseBytes) < nearQuota * fullest.quotaBytes) return [`${freed}.`];
  const host = world.hosts.find(({ member }) => member === fullest.member);
  const raise = host === undefined ? '' : ` ${await raiseAdvice(world, host, fullest.status)}`;
  const what = present === undefined ? 'What is in use' : 'The present keys and values alone';
  return [
    `${freed}.`,
    `${what}, ${bytesInWords(present ?? dbSizeInUseBytes)}, ${present === undefined ? 'is' : 'are'} above or near the quota of ${bytesInWords(fullest.quotaBytes)}: compaction will not help enough. Delete keys, or raise the quota.${raise}`,
  ];
}

/** What all present keys and values weigh, reckoned from the part that was looked at. */
function presentBytes({ prefixes, keysTotal }: KeySample): number {
  const bytes = prefixes.reduce((sum, prefix) => sum + prefix.bytes, 0);
  const keys = prefixes.reduce((sum, prefix) => sum + prefix.keys, 0);
  return keys === 0 ? 0 : Math.round(bytes * Math.max(1, keysTotal / keys));
}
