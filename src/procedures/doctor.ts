/** Everything that must hold before an incident, looked at now and said a line each; procedures ask the same of what they are about to touch. */
import { z } from 'zod';
import { backupChecks } from '../checkup/backups.ts';
import { identityChecks } from '../checkup/bot-identity.ts';
import { inCluster, saying, tally } from '../checkup/check.ts';
import type { Check, Grade } from '../checkup/check.ts';
import { clockDifferenceMaxMs, clocksAgree } from '../checkup/clocks.ts';
import { clusterChecks } from '../checkup/cluster.ts';
import { hostChecks } from '../checkup/host.ts';
import type { HostSeen } from '../checkup/host.ts';
import { bytesNeeded } from '../checkup/room.ts';
import { fails } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { isOpsError } from '../errors.ts';
import type { ClusterLook } from '../etcd/etcd.ts';
import type { Host } from '../host/host.ts';
import type { SnapshotRecord } from '../snapshots/snapshots.ts';
import type { Answer, AnswerPart } from './answer.ts';
import { seeHost } from './host-readiness.ts';
import { defineQuery } from './procedure.ts';
import { doubted, doubtInWords, fewOf, trusted } from './restoring/stored.ts';
import { lookTwice } from './running/patience.ts';
import type { World } from './world.ts';

/** A word of Slack and of the terminal, where it needs neither Slack nor Redis. */
export const doctor = defineQuery({
  id: 'doctor',
  summary: 'whether all is ready for an incident: hosts, certificates, backups, settings',
  permission: 'read',
  arguments: [],
  input: z.object({}),
  async answer(_input, world) {
    const [around, checks] = await Promise.all([world.bot.surroundings(), lookEverywhere(world)]);
    return answerOf(world.cluster.name, [...around, ...checks]);
  },
});

/** Looks at the cluster, at each host and at the backups, all at once. Throws nothing for what does not answer: that is a line. */
export async function lookEverywhere(world: World): Promise<readonly Check[]> {
  const { etcd, hosts, cluster, clock, bot } = world;
  const [look, authEnabled, rights, seen, newest, disk] = await Promise.all([
    lookTwice(world),
    etcd.authEnabled(),
    etcd.mayAdminister(),
    Promise.all(hosts.map(async (host) => ({ host, seen: await seeHost(host) }))),
    newestBackup(world),
    bot.backupsDisk(),
  ]);
  const now = clock.now();
  const dbSizeBytes = dbSizeOf(look);
  const data = seen.flatMap(({ host, seen: one }) =>
    'because' in one || one.sight.dataIds === undefined ? [] : [{ member: host.member, cluster: one.sight.dataIds.cluster }],
  );
  return inCluster(cluster.name, [
    ...identityChecks(bot.identity, { authEnabled, rights }, now),
    ...clusterChecks(cluster.name, cluster.members, look, data),
    ...seen.flatMap(({ host, seen: one }) => checksOf(host, one, { world, look, dbSizeBytes, newest: newest.record })),
    // The program cannot see the line of authorized_keys that it was started by.
    saying('hosts').notLookedAt(
      'key',
      'Whether the key is bound to the address of the bot (`from=`) cannot be seen from here.',
      `\`grep -c from= ~etcdops/.ssh/authorized_keys\` on a host; \`etcd-medic kit <cluster> --from <address>\` sets it.`,
    ),
    clocksCheck(
      cluster.members.length,
      seen.flatMap(({ host, seen: one }) => ('because' in one ? [] : [{ name: host.member, offsetMs: one.sight.clockOffsetMs }])),
    ),
    ...backupChecks(cluster.name, { newest: newest.record, proof: newest.proof, inDoubt: newest.inDoubt, disk, dbSizeBytes }, now),
  ]);
}

interface Seeing {
  readonly world: World;
  readonly look: ClusterLook;
  readonly dbSizeBytes: number | undefined;
  readonly newest: SnapshotRecord | undefined;
}

function checksOf(
  host: Host,
  seen: HostSeen | Extract<Finding, { holds: false }>,
  { world: { cluster, bot, clock }, look, dbSizeBytes, newest }: Seeing,
): readonly Check[] {
  const place = cluster.members.find(({ name }) => name === host.member);
  if (place === undefined) return [];
  const { wrong, notLookedAt } = saying(host.member);
  if ('because' in seen)
    return [
      wrong('ssh', seen.because, 'Nothing on this host can be done before that is put right.'),
      notLookedAt('host', 'What lies on the host, its tools, settings, ports and certificates.'),
    ];
  const largest = dbSizeBytes ?? newest?.bytes;
  const neededBytes = largest === undefined ? undefined : bytesNeeded(largest);
  return hostChecks(place, seen, { programSha256: bot.programSha256, neededBytes, look, now: clock.now() });
}

function dbSizeOf({ endpoints }: ClusterLook): number | undefined {
  const sizes = endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.dbSizeBytes] : []));
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

/** The one that a restore would take, read from end to end: that it once was whole says nothing of today's disk. */
async function newestBackup({ snapshots }: World): Promise<NewestSeen> {
  const stored = await snapshots.list();
  const record = trusted(stored).find(({ kind }) => kind === 'snapshot');
  const inDoubt = fewOf(doubted(stored).map(doubtInWords));
  if (record === undefined) return { record, proof: undefined, inDoubt };
  try {
    return { record, proof: await snapshots.check(record), inDoubt };
  } catch (error) {
    if (isOpsError(error)) return { record, proof: fails(`${error.message} ${error.hint}`), inDoubt };
    throw error;
  }
}

interface NewestSeen {
  readonly record: SnapshotRecord | undefined;
  readonly proof: Finding | undefined;
  readonly inDoubt: readonly string[];
}

function clocksCheck(hosts: number, clocks: Parameters<typeof clocksAgree>[0]): Check {
  const { good, wrong, notLookedAt } = saying('etcd');
  if (hosts === 1) return good('clocks', 'One host has no other clock to differ from.');
  if (clocks.length < 2) return notLookedAt('clocks', 'Fewer than two hosts answer, so their clocks cannot be compared.');
  const finding = clocksAgree(clocks);
  if (finding.holds) return good('clocks', `The clocks of the hosts differ by no more than ${clockDifferenceMaxMs / 1000} s.`);
  return wrong('clocks', finding.because, 'Have all of them follow one time service: `chronyc tracking` on each.');
}

/** For a channel: what needs somebody a line each, and what is good in few words. The terminal shows all of it. */
function answerOf(cluster: string, checks: readonly Check[]): Answer {
  const shown = (['wrong', 'worth a look', 'not looked at'] as const).flatMap((grade) =>
    checks.filter((check) => check.grade === grade).map((check): AnswerPart => ({ type: 'sentence', text: lineOf(check) })),
  );
  return {
    headline: headlineOf(cluster, checks),
    parts: [...shown, ...goodInWords(checks)],
    next: `\`etcd-medic doctor ${cluster}\` on the bot's machine shows every line.`,
  };
}

/** `prod: 2 wrong, 1 worth a look, 51 good, 1 not looked at.` */
export function headlineOf(cluster: string, checks: readonly Check[]): string {
  const counts = tally(checks);
  const order: readonly Grade[] = ['wrong', 'worth a look', 'good', 'not looked at'];
  const said = order.filter((grade) => counts[grade] > 0).map((grade) => `${counts[grade]} ${grade}`);
  return `${cluster}: ${counts.wrong === 0 ? 'nothing wrong; ' : ''}${said.join(', ')}.`;
}

const marks = { wrong: 'Wrong', 'worth a look': 'Worth a look', 'not looked at': 'Not looked at', good: 'Good' } as const;

function lineOf({ grade, about, sentence, cure }: Check): string {
  return `${marks[grade]}: ${about}: ${sentence}${cure === undefined ? '' : ` ${cure}`}`;
}

function goodInWords(checks: readonly Check[]): readonly AnswerPart[] {
  const good = checks.filter(({ grade }) => grade === 'good');
  const lines = [...new Set(good.map(({ about }) => about))].map((about) => {
    const ids = new Set(good.filter((check) => check.about === about).map(({ id }) => id));
    return `${about}: ${[...ids].join(', ')}`;
  });
  return lines.length === 0 ? [] : [{ type: 'verbatim', text: `Good\n${lines.join('\n')}` }];
}
