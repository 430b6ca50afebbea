/** How a cluster stands: the table of `etcdctl endpoint status`, the votes, the alarms, and the next right action. */
import { z } from 'zod';
import { within } from '../engine/within.ts';
import { isOpsError } from '../errors.ts';
import type { ClusterLook, EndpointLook } from '../etcd/etcd.ts';
import type { Host } from '../host/host.ts';
import type { AnswerPart, Table } from './answer.ts';
import { defineQuery } from './procedure.ts';
import { nextAction } from './judging/triage.ts';
import type { HostSight } from './judging/triage.ts';
import { notice, refusal } from '../checkup/versions.ts';
import { bytesInWords, durationInWords } from '../engine/words.ts';
import { doubted, trusted } from './restoring/stored.ts';
import type { World } from './world.ts';

/** The hosts are looked at beside the endpoints and may take no longer than those, or `status` would be slow when it matters. */
const hostSightLimitMs = 2_000;
/** In all, for a host that is up: what a slow one has to tell is worth waiting for. */
const liveHostSightLimitMs = 8_000;
/** Members that run, or whose port is closed, have answered by now: then only the hosts of silent ones are worth an ssh connection. */
const soonMs = 150;

/** Status. Every member is asked at the same time; those that do not answer are named with the reason. */
export const status = defineQuery({
  id: 'status',
  summary: 'how the cluster stands, and what to do next',
  permission: 'read',
  arguments: [],
  input: z.object({}),
  async answer(_input, world) {
    const { etcd, hosts, cluster, snapshots, ledger, clock } = world;
    const looking = etcd.look();
    const [look, sights, stored] = await Promise.all([looking, sightsBeside(looking, hosts, world), snapshots.list()]);
    if (look.revision !== undefined) await ledger.observe(look.revision);
    const [newest] = trusted(stored);
    const age = newest === undefined ? undefined : durationInWords(clock.now().getTime() - newest.takenAt.getTime());
    const silent = look.endpoints.flatMap((endpoint) =>
      endpoint.answers ? [] : sights.filter(({ member }) => member === endpoint.member),
    );
    return {
      headline: `${cluster.name}: ${look.quorum.sentence}`,
      parts: [
        { type: 'table', table: tableOf(look) },
        ...look.endpoints.flatMap((endpoint): AnswerPart[] =>
          endpoint.answers ? [] : [{ type: 'sentence', text: silence(endpoint, sights) }],
        ),
        ...alarmsOf(look),
        ...versionRemarks(look),
        {
          type: 'sentence',
          text:
            newest === undefined
              ? noSnapshotInWords(cluster.name, doubted(stored).length)
              : `The newest snapshot is ${newest.id}, ${age} old, revision ${newest.revision}.`,
        },
      ],
      next: nextAction({ cluster: cluster.name, look, silent, newestSnapshotAge: age }),
    };
  },
});

function noSnapshotInWords(cluster: string, doubtedCount: number): string {
  if (doubtedCount === 0) return 'There is no usable snapshot.';
  return `There is no snapshot that is taken without being named; ${doubtedCount} in doubt: \`backups ${cluster}\` says why.`;
}

/** The columns of `etcdctl endpoint status --write-out=table`, in its order, with the size in use beside the size. */
function tableOf({ endpoints }: ClusterLook): Table {
  return {
    columns: [
      { title: 'MEMBER', align: 'left' },
      { title: 'ENDPOINT', align: 'left' },
      { title: 'ID', align: 'left' },
      { title: 'VERSION', align: 'left' },
      { title: 'DB SIZE', align: 'right' },
      { title: 'IN USE', align: 'right' },
      { title: 'LEADER', align: 'left' },
      { title: 'LEARNER', align: 'left' },
      { title: 'RAFT TERM', align: 'right' },
      { title: 'RAFT INDEX', align: 'right' },
      { title: 'ERRORS', align: 'left' },
    ],
    rows: endpoints.map((endpoint) => {
      if (!endpoint.answers) return [endpoint.member, addressOf(endpoint), '-', '-', '-', '-', '-', '-', '-', '-', endpoint.reason];
      const { status: s } = endpoint;
      const leads = s.leader === s.memberId ? 'yes' : 'no';
      return [
        endpoint.member,
        addressOf(endpoint),
        s.memberId,
        s.version,
        bytesInWords(s.dbSizeBytes),
        bytesInWords(s.dbSizeInUseBytes),
        leads,
        s.isLearner ? 'yes' : 'no',
        String(s.raftTerm),
        String(s.raftIndex),
        s.errors.join('; '),
      ];
    }),
  };
}

/** Host and port: the scheme is the same for all, and a phone is narrow. */
function addressOf({ endpoint }: EndpointLook): string {
  return endpoint.replace(/^https?:\/\//, '');
}

function silence(endpoint: EndpointLook & { answers: false }, sights: readonly HostSight[]): string {
  const sight = sights.find(({ member }) => member === endpoint.member);
  const said = `${endpoint.member} does not answer at ${endpoint.endpoint}: ${endpoint.reason}.`;
  if (sight === undefined) return said;
  if (!sight.reachable) return `${said} Its host: ${sight.because}.`;
  const beside = sight.beside === undefined || sight.beside.length === 0 ? '' : ` Beside it: ${sight.beside.join(', ')}.`;
  return `${said} On its host etcd's unit is ${sight.unit}${sight.masked ? ' and masked' : ''}, and its data-dir is ${sight.dataIntact ? 'there' : 'missing or empty'}.${beside}`;
}

function alarmsOf({ alarms, endpoints }: ClusterLook): AnswerPart[] {
  if (alarms === undefined) return [{ type: 'sentence', text: 'The alarms could not be read.' }];
  if (alarms.length === 0) return [{ type: 'sentence', text: 'No alarm.' }];
  const nameOf = (id: string) => endpoints.find((endpoint) => endpoint.answers && endpoint.status.memberId === id)?.member ?? id;
  return alarms.map((alarm) => ({ type: 'sentence', text: `Alarm ${alarm.type} on ${nameOf(alarm.memberId)}.` }));
}

function versionRemarks({ endpoints }: ClusterLook): AnswerPart[] {
  const versions = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.version] : [])));
  const mixed = versions.size > 1 ? [`The members run different versions: ${[...versions].join(', ')}.`] : [];
  const remarks = [...versions].flatMap((version) => refusal(version) ?? notice(version) ?? []);
  return [...mixed, ...remarks].map((text) => ({ type: 'sentence', text }));
}

/**
 * Looks at the hosts of the members that do not answer. When that is not known soon, because a host may be off, all hosts are looked at:
 * waiting for the endpoints first would take twice as long.
 */
async function sightsBeside(
  looking: Promise<ClusterLook>,
  hosts: readonly Host[],
  world: Pick<World, 'clock'>,
): Promise<readonly HostSight[]> {
  const stop = new AbortController();
  const late = world.clock.sleep(soonMs, stop.signal).then(
    () => undefined,
    () => undefined,
  );
  const look = await Promise.race([looking, late]);
  stop.abort();
  const worthIt = ({ member }: Host) => look?.endpoints.some((endpoint) => endpoint.member === member && !endpoint.answers) ?? true;
  return Promise.all(hosts.filter(worthIt).map((host) => sightOf(host, looking, world)));
}

async function sightOf(host: Host, looking: Promise<ClusterLook>, { clock }: Pick<World, 'clock'>): Promise<HostSight> {
  const { member } = host;
  const seeing = look(host);
  const soon = await within(clock, hostSightLimitMs, seeing, () => undefined);
  if (soon !== undefined) return soon;
  const none = (limitMs: number, remark = ''): HostSight => ({
    member,
    reachable: false,
    because: `no answer over ssh within ${limitMs / 1000} s${remark}`,
  });
  // That a connection to etcd is refused is the word of a host that is up.
  const isUp = (await looking).endpoints.some((endpoint) => endpoint.member === member && !endpoint.answers && endpoint.code === 'refused');
  if (!isUp) return none(hostSightLimitMs);
  return within(clock, liveHostSightLimitMs - hostSightLimitMs, seeing, () => none(liveHostSightLimitMs, ', though it is up'));
}

async function look(host: Host): Promise<HostSight> {
  try {
    const [unit, dir, beside] = await Promise.all([host.unit(), host.dir('data'), host.beside()]);
    return {
      member: host.member,
      reachable: true,
      unit: unit.activeState,
      masked: unit.masked,
      dataIntact: dir.exists && !dir.empty,
      beside,
    };
  } catch (error) {
    if (isOpsError(error)) return { member: host.member, reachable: false, because: error.message.replace(/\.$/, '') };
    throw error;
  }
}
