/** The members of config.yaml, drawn up from etcd's own member list; what is odd about one is said. */
import type { MemberRow } from '../etcd/etcd.ts';
import { list } from '../engine/words.ts';
import { MemberName } from '../ids.ts';

/** A member as it will stand in config.yaml. */
export interface DraftedMember {
  readonly name: string;
  readonly host: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** What came of the list. */
export interface Draft {
  readonly members: readonly DraftedMember[];
  /** What a person should look at, a sentence each. */
  readonly remarks: readonly string[];
}

const own = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]']);

/** @param asked the endpoints that were named: of several client URLs the one that was asked is taken, for it is known to work from here */
export function draftMembers(rows: readonly MemberRow[], asked: readonly string[]): Draft {
  const drafts = rows.map((row) => draftMember(row, asked));
  return {
    members: drafts.flatMap(({ member }) => (member === undefined ? [] : [member])),
    remarks: [...drafts.flatMap(({ remarks }) => remarks), ...evenRemark(drafts.length)],
  };
}

function draftMember(row: MemberRow, asked: readonly string[]): { readonly member?: DraftedMember; readonly remarks: readonly string[] } {
  const { memberId, name, peerUrls, clientUrls, isLearner } = row;
  if (name === '')
    return {
      remarks: [
        `Left out: ${memberId} at ${list(peerUrls)} was added and has never started, so it has no name. Start it, or take it away with \`etcdctl member remove ${memberId}\`.`,
      ],
    };
  const peers = peerUrls.flatMap((url) => plainUrl(url) ?? []);
  // A cluster of one may know itself by localhost alone: said below.
  const peerUrl = peers.find((url) => !isOwn(url)) ?? peers[0] ?? '';
  const reachable = reachableOf(clientUrls, asked);
  const clientUrl = reachable ?? (peerUrl === '' ? undefined : besidePeer(peerUrl, clientUrls[0]));
  if (peerUrl === '' || clientUrl === undefined)
    return {
      remarks: [
        `Left out: ${name} (${memberId}) gives no URL that others reach (peer ${list(peerUrls) || 'none'}, client ${list(clientUrls) || 'none'}): write it yourself.`,
      ],
    };
  return {
    member: { name, host: new URL(peerUrl).hostname.replace(/^\[(.*)\]$/, '$1'), clientUrl, peerUrl },
    remarks: [
      ...(isLearner ? [`${name} is a learner: it has no vote before it is promoted.`] : []),
      ...(reachable === undefined
        ? [
            `${name} advertises ${list(clientUrls) || 'no client URL'}, which nobody else reaches; ${clientUrl} is a guess: check it, and correct advertise-client-urls there.`,
          ]
        : []),
      ...(reachable !== undefined && clientUrls.length > 1
        ? [`${name} has several client URLs (${list(clientUrls)}); ${clientUrl} was taken.`]
        : []),
      ...(peerUrls.length > 1 ? [`${name} has several peer URLs (${list(peerUrls)}); ${peerUrl} was taken.`] : []),
      ...(isOwn(peerUrl)
        ? [
            `${name} advertises the peer URL ${peerUrl}, which no other member reaches: give it its address (\`etcdctl member update ${memberId}\`).`,
          ]
        : []),
      ...(MemberName.safeParse(name).success
        ? []
        : [`${name} is a name that config.yaml does not take: letters, digits, dots, dashes and underscores.`]),
    ],
  };
}

/** One that was asked, else the first that others reach. */
function reachableOf(urls: readonly string[], asked: readonly string[]): string | undefined {
  const plain = urls.flatMap((url) => plainUrl(url) ?? []);
  const wanted = asked.flatMap((url) => plainUrl(url) ?? []);
  return plain.find((url) => wanted.includes(url)) ?? plain.find((url) => !isOwn(url));
}

/** The client port beside a peer URL. */
function besidePeer(peerUrl: string, advertised: string | undefined): string {
  const { protocol, hostname } = new URL(peerUrl);
  const port = advertised === undefined ? '2379' : new URL(advertised).port || '2379';
  return `${advertised === undefined ? protocol : new URL(advertised).protocol}//${hostname}:${port}`;
}

/** Scheme, host and port, as config.yaml wants it. */
function plainUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

function isOwn(url: string): boolean {
  return own.has(new URL(url).hostname);
}

function evenRemark(count: number): readonly string[] {
  return count > 0 && count % 2 === 0
    ? [`The cluster has ${count} members: an odd number tolerates as many failures with one machine less.`]
    : [];
}
