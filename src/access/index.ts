/** The rules, bound to one configuration: what the desk and the gates are handed. */
import type { Gate, RunRequest } from '../engine/journal.ts';
import type { ClusterName, UserId } from '../ids.ts';
import type { Freshness } from './groups.ts';
import { mayApprove, mayAsk, mayAskHere, mayBreakGlass, mayDecide, mayEnter, rightsOf } from './access.ts';
import type { AccessDeps, Allowed, Asker, Deciding, Rights } from './access.ts';

/** Who may do what, on the clusters of one configuration. */
export interface Access {
  mayEnter(asker: Asker): Allowed;
  mayAskHere(asker: Asker, cluster: ClusterName): Allowed;
  mayAsk(asker: Asker, cluster: ClusterName, permission: 'read' | 'operate'): Promise<Allowed>;
  mayDecide(asker: Asker, cluster: ClusterName, deciding: Deciding): Promise<Allowed>;
  rightsOf(asker: Asker, cluster: ClusterName): Promise<Rights>;
  /** For the engine's gate: asked again at the moment of acting, when nobody stands in a channel. */
  mayApproveNow(by: UserId, run: RunRequest, gate: Pick<Gate, 'confirm'>): Promise<Allowed>;
  /** As above, for a break-glass. */
  mayBreakGlassNow(by: UserId, run: RunRequest, gate: Pick<Gate, 'confirm'>): Promise<Allowed>;
}

/** A gate that asks for the cluster's name is one where quorum or the last good data is at stake: there nothing that is remembered counts. */
function freshnessAt({ confirm }: Pick<Gate, 'confirm'>): Freshness {
  return confirm === undefined ? 'recent' : 'now';
}

/** Binds the rules to a configuration. */
export function createAccess(deps: AccessDeps): Access {
  return {
    mayEnter: (asker) => mayEnter(deps, asker),
    mayAskHere: (asker, cluster) => mayAskHere(deps, asker, cluster),
    mayAsk: (asker, cluster, permission) => mayAsk(deps, asker, cluster, permission),
    mayDecide: (asker, cluster, deciding) => mayDecide(deps, asker, cluster, deciding),
    rightsOf: (asker, cluster) => rightsOf(deps, asker, cluster),
    mayApproveNow: (by, { cluster, requester }, gate) =>
      mayApprove(deps, by, cluster, { requestedBy: requester.user, freshness: freshnessAt(gate) }),
    mayBreakGlassNow: (by, { cluster }, gate) => mayBreakGlass(deps, by, cluster, freshnessAt(gate)),
  };
}
