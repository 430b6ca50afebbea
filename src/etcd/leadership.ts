/** Hands leadership to another voter. */
import { OpsError } from '../errors.ts';
import type { MemberId } from '../ids.ts';
import { askLeader, findLeader } from './ask.ts';
import type { MembersDeps } from './members.ts';
import { orRefusal } from './grpc-error.ts';
import { look } from './look.ts';
import { decimalOf } from './status.ts';

/** etcd gives up after some election timeouts (a few seconds). */
const limitMs = 15_000;
/** By then every member has heard of the new leader. */
const knownLimitMs = 10_000;
const betweenLooksMs = 200;

const what = 'handing over of leadership';

/**
 * Hands leadership to a voter and waits until the members follow it; no harm when it leads already.
 * @throws OpsError ETCD_*; INPUT_INVALID when it is no voter
 * @see https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/ (MoveLeader)
 */
export async function moveLeader(deps: MembersDeps, to: MemberId): Promise<void> {
  const { status, seen } = await findLeader(deps, { what, limitMs });
  if (status.memberId === to) return;
  const target = seen.members?.find(({ memberId }) => memberId === to);
  if (seen.members !== undefined && (target === undefined || target.isLearner)) throw notAVoter(to);
  await deps.act({
    command: deps.commands.moveLeader(to),
    output: () => `Leadership transferred from ${status.memberId} to ${to}`,
    work: async () => {
      const answer = await askLeader(deps, {
        what,
        limitMs,
        changes: true,
        whenUnknown: '`status` shows who leads. Retry is safe.',
        request: (client, options) => orRefusal(client.maintenance.moveLeader({ targetID: decimalOf(to) }, options)),
      });
      if ('refused' in answer && answer.refused === 'bad-transferee') throw notAVoter(to);
      await followed(deps, to, 'refused' in answer);
    },
  });
}

/** Waits until the members follow `to`. */
async function followed(deps: MembersDeps, to: MemberId, refused: boolean): Promise<void> {
  const began = deps.clock.now().getTime();
  for (;;) {
    const { endpoints, quorum } = await look(deps);
    const statuses = endpoints.flatMap((one) => (one.answers ? [one.status] : []));
    const leaders = new Set(statuses.flatMap(({ leader }) => leader ?? []));
    if (quorum.holds && leaders.size === 1 && leaders.has(to)) return;
    if (deps.clock.now().getTime() - began >= knownLimitMs) break;
    await deps.clock.sleep(betweenLooksMs);
  }
  throw new OpsError(
    'ETCD_REQUEST_FAILED',
    `${to} does not lead${refused ? ': etcd gave up the transfer' : ` ${knownLimitMs / 1_000} s after the transfer`}.`,
    {
      hint: 'The member may lag behind or not be reached by the leader: see `status`, then press Retry.',
    },
  );
}

function notAVoter(to: MemberId): OpsError {
  return new OpsError('INPUT_INVALID', `${to} is no voter, so it cannot lead.`, { hint: '`status` lists the members.' });
}
