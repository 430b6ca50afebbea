/** Whether a cluster can spare one member for a moment. */
import { allOf, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import { allAnswer, allCaughtUp } from './members.ts';

/** Everybody answers, or there is one to spare; and those that answer have caught up. Alarms do not count: NOSPACE is no reason to leave a member as it is. */
export function healthOf(look: ClusterLook): Finding {
  const spare = look.quorum.mayFail >= 1 ? holds() : allAnswer(look);
  return allOf([that(look.quorum.holds, look.quorum.sentence), spare, allCaughtUp(look)]);
}
