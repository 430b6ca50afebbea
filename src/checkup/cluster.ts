/** What one look at a cluster shows against an incident to come: members, votes, versions, alarms, and whose data lies where. */
import type { ClusterLook, EndpointLook } from '../etcd/etcd.ts';
import { list } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { unknownMembers } from './identity.ts';
import type { Place } from './place.ts';
import { versionCheck } from './tools.ts';

/** Whose the data on a host is, as its WAL says. */
export interface DataOn {
  readonly member: string;
  readonly cluster: string;
}

/** @param cluster for commands to type */
export function clusterChecks(cluster: string, places: readonly Place[], look: ClusterLook, data: readonly DataOn[]): readonly Check[] {
  return [
    ...look.endpoints.map((endpoint) => answerCheck(cluster, endpoint)),
    quorumCheck(cluster, look),
    ...unknownMembers(places, look),
    alarmCheck(cluster, look),
    ...versionChecks(look),
    ...oneCluster(look, data),
  ];
}

const cures: Readonly<Record<Extract<EndpointLook, { answers: false }>['code'], string>> = {
  refused: 'See whether etcd runs there, and whether clientUrl in config.yaml is right.',
  timeout: 'See whether the host is up, and whether the machine of the bot is let through to it.',
  tls: 'Check `tls` of the cluster in config.yaml against the certificate that this member shows.',
  auth: 'Use a client certificate whose CN is a user with the root role.',
  other: '`status` shows it again.',
};

function answerCheck(cluster: string, endpoint: EndpointLook): Check {
  const { good, wrong } = saying(endpoint.member);
  if (endpoint.answers)
    return good('etcd', `etcd ${endpoint.status.version} answers at ${endpoint.endpoint} and takes the bot's certificate.`);
  return wrong(
    'etcd',
    `etcd does not answer at ${endpoint.endpoint}: ${endpoint.reason}.`,
    `${cures[endpoint.code]} \`status ${cluster}\` says what to do next.`,
  );
}

function quorumCheck(cluster: string, { quorum }: ClusterLook): Check {
  const { good, wrong, worthALook } = saying('etcd');
  if (!quorum.holds) return wrong('quorum', quorum.sentence, `\`status ${cluster}\` says what to do next.`, 'ETCD_NO_QUORUM');
  return quorum.mayFail > 0 || quorum.voters < 3
    ? good('quorum', quorum.sentence)
    : worthALook('quorum', quorum.sentence, `\`status ${cluster}\` says what to do next.`);
}

function alarmCheck(cluster: string, { alarms }: ClusterLook): Check {
  const { good, wrong, notLookedAt } = saying('etcd');
  if (alarms === undefined) return notLookedAt('alarms', 'No member said which alarms there are.');
  if (alarms.length === 0) return good('alarms', 'No alarm.');
  const what = list([...new Set(alarms.map(({ type }) => type))]);
  return wrong(
    'alarms',
    `Alarm ${what}.`,
    alarms.some(({ type }) => type === 'CORRUPT') ? `\`status ${cluster}\` says what to do next.` : `\`recover-space ${cluster}\`.`,
  );
}

function versionChecks({ endpoints }: ClusterLook): readonly Check[] {
  const versions = [...new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.version] : [])))];
  const { worthALook } = saying('etcd');
  const mixed =
    versions.length > 1 ? [worthALook('version', `The members run different versions: ${list(versions)}.`, 'Bring all to one.')] : [];
  return [...mixed, ...versions.map((version) => versionCheck('etcd', version))];
}

/** Endpoints and WALs alike: data of another cluster beside a dead etcd would be started some day. */
function oneCluster({ endpoints }: ClusterLook, data: readonly DataOn[]): readonly Check[] {
  const serving = endpoints.flatMap((endpoint) =>
    endpoint.answers ? [{ member: endpoint.member, cluster: endpoint.status.clusterId }] : [],
  );
  const all = [...serving, ...data].map(({ member, cluster }) => ({ member, cluster: cluster.padStart(16, '0') }));
  const { good, wrong, notLookedAt } = saying('etcd');
  const [first] = all;
  if (first === undefined) return [notLookedAt('cluster id', 'No member and no host said of which cluster it is.')];
  const most = mostOf(all.map(({ cluster }) => cluster)) ?? first.cluster;
  const strays = [...new Map(all.filter(({ cluster }) => cluster !== most).map((one) => [`${one.member} ${one.cluster}`, one])).values()];
  if (strays.length === 0) return [good('cluster id', `All data is of one cluster (${most}).`)];
  return strays.map(({ member, cluster }) =>
    wrong(
      'cluster id',
      `The data on ${member} is of cluster ${cluster}, and that of the others of ${most}.`,
      `Do not start it: \`replace-member\` gives ${member} the data of the others.`,
    ),
  );
}

function mostOf(words: readonly string[]): string | undefined {
  const times = (word: string) => words.filter((other) => other === word).length;
  return words.toSorted((a, b) => times(b) - times(a))[0];
}
