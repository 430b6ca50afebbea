/** What a schema cannot see: settings of clusters that are right one by one and wrong together. */
import { z } from 'zod';
import { mistake, type Mistake, type Path } from './mistakes.ts';
import { Approvals, Cluster, Member } from './schema.ts';

/** What checks found: mistakes stop the start, warnings are logged. */
export interface Found {
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly Mistake[];
}

/** Joins what several checks found. */
export function joined(found: readonly Found[]): Found {
  return { mistakes: found.flatMap(({ mistakes }) => mistakes), warnings: found.flatMap(({ warnings }) => warnings) };
}

type Place = {
  readonly path: Path;
  readonly cluster: string;
  readonly member: string;
  readonly raw: z.infer<typeof Member>;
  readonly etcd: z.infer<typeof EtcdPlace> | undefined;
};

/** Which etcd of its host it is. */
const EtcdPlace = Cluster.shape.etcd.pick({ unit: true });

/** Checks all clusters. Takes them as they stand in the file, so that one mistake does not hide another: what does not parse is left out. */
export function checkClusters(clusters: Readonly<Record<string, unknown>>): Found {
  const places = Object.entries(clusters).flatMap(([name, cluster]) => placesOf(name, cluster));
  return joined([
    { mistakes: duplicates(places), warnings: [] },
    ...Object.entries(clusters).flatMap(([name, cluster]) => {
      const own = places.filter((place) => place.cluster === name);
      const path = ['clusters', name];
      return [checkApprovals(path, cluster), checkChannels(path, cluster), checkMembers(own), checkTls(cluster, own)];
    }),
  ]);
}

function placesOf(name: string, cluster: unknown): Place[] {
  const members = part(cluster, 'members', z.record(z.string(), z.unknown())) ?? {};
  const etcd = part(cluster, 'etcd', z.looseObject(EtcdPlace.shape));
  return Object.entries(members).flatMap(([member, raw]) => {
    const parsed = Member.safeParse(raw);
    return parsed.success ? [{ path: ['clusters', name, 'members', member], cluster: name, member, raw: parsed.data, etcd }] : [];
  });
}

function part<T>(of: unknown, key: string, schema: z.ZodType<T>): T | undefined {
  return typeof of === 'object' && of !== null ? schema.safeParse(Reflect.get(of, key)).data : undefined;
}

/**
 * Two members at one place would have one's data replaced with the other's. Across clusters a host may be shared
 * (Kubernetes' events have an etcd of their own beside the main one), but not a URL or a unit.
 */
function duplicates(places: readonly Place[]): Mistake[] {
  const holders = new Map<string, Place>();
  const mistakes = new Map<string, Mistake>();
  for (const place of places) {
    for (const { key, what, scope = '' } of claims(place)) {
      const holder = holders.get(`${what} ${scope}`);
      holders.set(`${what} ${scope}`, holder ?? place);
      if (holder === undefined) continue;
      const who =
        holder === place ? 'this member itself' : `${holder.member}${holder.cluster === place.cluster ? '' : ` of ${holder.cluster}`}`;
      const path = [...place.path, key];
      // The first says it: with the host, the unit is the same too.
      if (!mistakes.has(path.join('.')))
        mistakes.set(path.join('.'), mistake(path, `${what} is used by ${who} already; each member needs its own`));
    }
  }
  return [...mistakes.values()];
}

/** What a member has to itself. */
function claims({ cluster, raw, etcd }: Place): { key: string; what: string; scope?: string }[] {
  const host = raw.host.toLowerCase();
  return [
    { key: 'host', what: `the host ${host}`, scope: cluster },
    ...(etcd === undefined ? [] : [{ key: 'host', what: `the unit ${etcd.unit.replace(/\.service$/, '')} on ${host}` }]),
    { key: 'clientUrl', what: address(raw.clientUrl) },
    { key: 'peerUrl', what: address(raw.peerUrl) },
  ];
}

/** Host and port: two URLs that differ in the scheme alone are the same place. */
function address(url: string): string {
  return url.toLowerCase().replace(/^https?:\/\//, '');
}

function checkApprovals(path: Path, cluster: unknown): Found {
  const approvals = part(cluster, 'approvals', Approvals);
  const approvers = part(cluster, 'approvers', z.array(z.string()));
  if (approvals === undefined || approvers === undefined) return { mistakes: [], warnings: [] };
  const { required, quorumLoss } = approvals;
  const glass = checkBreakGlass([...path, 'approvals', 'breakGlass'], approvals);
  const people = new Set(approvers).size;
  // The number of people in a user group is known to Slack alone.
  const hasGroup = approvers.some((id) => id.startsWith('S'));
  const count = people === 1 ? 'is 1 approver' : `are ${people} approvers`;
  const mistakes = Object.entries({ required, quorumLoss })
    .filter(([, needed]) => !hasGroup && people < needed)
    .map(([key, needed]) =>
      mistake([...path, 'approvals', key], `${needed} must approve, but there ${count}: nothing could ever be approved`),
    );
  const warnings = [
    mistake([...path, 'approvals', 'quorumLoss'], `${quorumLoss} must approve the loss of quorum, but ${required} a lesser step`),
  ];
  return joined([{ mistakes, warnings: quorumLoss < required ? warnings : [] }, glass]);
}

/** A channel by pattern is anybody's to make: without `readers` its name alone lets its maker look at the cluster. */
function checkChannels(path: Path, cluster: unknown): Found {
  const channels = part(cluster, 'channels', z.array(z.string())) ?? [];
  const hasReaders = part(cluster, 'readers', z.array(z.string())) !== undefined;
  const patterns = hasReaders ? [] : channels.filter((channel) => channel.startsWith('#') && channel.endsWith('*'));
  const may = 'may look at the cluster there, and cancel a break-glass: name who may in `readers`';
  return {
    mistakes: [],
    warnings: patterns.map((pattern) => mistake([...path, 'channels'], `whoever makes a channel called ${pattern} ${may}`)),
  };
}

/** Shorter, and hardly anybody has read it before it counts. */
const breakGlassDelayMinMs = 60_000;

function checkBreakGlass(path: Path, { breakGlass, expiresAfter }: z.infer<typeof Approvals>): Found {
  if (breakGlass === undefined) return { mistakes: [], warnings: [] };
  const { people, delay } = breakGlass;
  const mistakes = [mistake([...path, 'delay'], 'the gate expires before a break-glass could count: make it shorter than `expiresAfter`')];
  const hasty = [mistake([...path, 'delay'], 'within less than a minute hardly anybody can cancel a break-glass')];
  const groupsOnly = [
    mistake([...path, 'people'], 'groups are looked up through Slack: name somebody by user id as well, or nobody may while Slack is away'),
  ];
  return {
    mistakes: delay >= expiresAfter ? mistakes : [],
    warnings: [...(delay < breakGlassDelayMinMs ? hasty : []), ...(people.every((id) => id.startsWith('S')) ? groupsOnly : [])],
  };
}

function checkMembers(places: readonly Place[]): Found {
  const [first] = places;
  if (first === undefined || places.length % 2 === 1) return { mistakes: [], warnings: [] };
  const tolerates = places.length / 2 - 1;
  // https://etcd.io/docs/v3.5/faq/#why-an-odd-number-of-cluster-members
  const message = `${places.length} members tolerate ${tolerates} failed ones, as ${places.length - 1} do, and there is one more that can fail: an odd number is better`;
  return { mistakes: [], warnings: [mistake(first.path.slice(0, -1), message)] };
}

function checkTls(cluster: unknown, places: readonly Place[]): Found {
  const hasTls = typeof cluster === 'object' && cluster !== null && 'tls' in cluster;
  const urls = places.map(({ path, raw }) => ({ path: [...path, 'clientUrl'], isHttps: raw.clientUrl.startsWith('https:') }));
  const [plain] = urls.filter(({ isHttps }) => !isHttps);
  return {
    mistakes: urls.flatMap(({ path, isHttps }) => {
      if (isHttps && !hasTls) return [mistake(path, 'an https URL needs the `tls` of the cluster (ca, cert and key)')];
      return !isHttps && hasTls ? [mistake(path, 'the cluster has `tls`, so an https URL is needed')] : [];
    }),
    warnings:
      plain === undefined || hasTls
        ? []
        : [mistake(plain.path, 'etcd is spoken to without encryption: passwords and data can be read on the way')],
  };
}
