/** Which member ids a replacement is about: the member list is read once, and what it means is fixed by id from then on. */
import { OpsError } from '../../errors.ts';
import type { MemberRow } from '../../etcd/etcd.ts';
import type { ConfiguredMember } from '../world.ts';
import { list } from '../../engine/words.ts';

/** What the member list says of a member that is to be replaced. */
export interface Meant {
  /** To be removed; undefined when it is not a member (any more). */
  readonly old: MemberRow | undefined;
  /** A learner at the member's peer URL that an earlier attempt left behind. */
  readonly learner: MemberRow | undefined;
}

/**
 * Finds who is meant by a configured name: by the name etcd knows, and by the peer URL, because a learner has no name until it starts.
 * Under the same name with another peer URL stands the member of a host that is gone: that one is removed, and the new host joins.
 * @throws OpsError INPUT_INVALID when the list can be read in more than one way
 */
export function meantBy(members: readonly MemberRow[], configured: Pick<ConfiguredMember, 'name' | 'peerUrl'>): Meant {
  const here = members.find((row) => hasPeerUrl(row, configured.peerUrl));
  const elsewhere = members.filter((row) => row.name === configured.name && row !== here);
  const [old] = elsewhere;
  if (here !== undefined && here.name !== '' && here.name !== configured.name)
    throw ambiguous(configured, [here, ...elsewhere], `its peer URL ${configured.peerUrl} belongs to ${inWords(here)}`);
  if (elsewhere.length > 1 || (old !== undefined && here !== undefined && !here.isLearner))
    throw ambiguous(
      configured,
      [...(here === undefined ? [] : [here]), ...elsewhere],
      `more than one member goes by that name or its peer URL`,
    );
  if (old !== undefined) return { old, learner: here };
  return here?.isLearner === true ? { old: undefined, learner: here } : { old: here, learner: undefined };
}

/** `etcd03 (8e9e05c52164694d), a voter at https://10.0.0.33:2380` */
export function inWords({ memberId, name, peerUrls, isLearner }: Pick<MemberRow, 'memberId' | 'name' | 'peerUrls' | 'isLearner'>): string {
  const who = name === '' ? `${memberId}, which never started,` : `${name} (${memberId}),`;
  return `${who} a ${isLearner ? 'learner' : 'voter'} at ${list(peerUrls)}`;
}

/** Whether a row has this peer URL, however it is written. */
export function hasPeerUrl({ peerUrls }: Pick<MemberRow, 'peerUrls'>, url: string): boolean {
  return peerUrls.some((own) => new URL(own).href === new URL(url).href);
}

function ambiguous({ name }: Pick<ConfiguredMember, 'name'>, rows: readonly MemberRow[], why: string): OpsError {
  return new OpsError('INPUT_INVALID', `It cannot be told which member is meant by ${name}: ${why} (${rows.map(inWords).join('; ')}).`, {
    hint: 'Correct the member in config.yaml, or remove the one that is wrong by hand (`etcdctl member remove <id>`), and ask again.',
  });
}
