/** Acts as the program on a host knows them: their arguments, their time limits, and what is left of them to do. */
import { z } from 'zod';
import type { PlannedCommand } from '../engine/command.ts';
import type { OpsError } from '../errors.ts';
import type { MemberName } from '../ids.ts';
import { programFailure, unknownAnswer } from './failures.ts';
import type { ClusterSettings, HostAct, RestoreOrder } from './host.ts';
import * as limits from './limits.ts';
import { Operation, typed } from './operation.ts';
import { optional } from './optional.ts';

/** An act in JSON. */
export type WireAct = Readonly<Record<string, string | number | boolean>> & { readonly act: string };

/** How a file goes over the wire; `none` in plans, as the commands are the same. */
export type Encoding = 'none' | 'zstd';

export function wireAct(act: HostAct, encoding: Encoding = 'none'): WireAct {
  switch (act.act) {
    case 'receive':
      return { act: 'receive', bytes: act.delivery.bytes, sha256: act.delivery.sha256, encoding };
    case 'restore':
      return { act: 'restore', ...wireOrder(act.order) };
    case 'settings':
      return { act: 'settings', ...wireSettings(act.settings) };
    case 'put-back':
      return { act: 'put-back', of_run: act.earlier };
    default:
      return { act: act.act };
  }
}

function wireOrder(order: RestoreOrder): Readonly<Record<string, string | boolean>> {
  const { memberName, peerUrl, initialCluster, initialClusterToken, bumpRevisionBy, withoutHashCheck } = order;
  return {
    name: memberName,
    peer_url: peerUrl,
    initial_cluster: initialCluster,
    initial_cluster_token: initialClusterToken,
    ...(bumpRevisionBy !== undefined && { bump_revision: String(bumpRevisionBy) }),
    ...(withoutHashCheck !== undefined && { skip_hash_check: true, sha256: withoutHashCheck.sha256 }),
  };
}

/** As the act `settings` and the look `settings-before` take them. */
export function wireSettings({
  initialClusterState,
  initialClusterToken,
  initialCluster,
}: ClusterSettings): Readonly<Record<string, string>> {
  return {
    initial_cluster_state: initialClusterState,
    ...(initialClusterToken !== undefined && { initial_cluster_token: initialClusterToken }),
    ...(initialCluster !== undefined && { initial_cluster: initialCluster }),
  };
}

/** How long an act may take here. @param bytes of the file that it works on, where it works on one */
export function actLimitMs({ act }: Pick<HostAct, 'act'>, bytes = 0): number {
  // The host waits for what an earlier worker of the run has under way there.
  return limits.earlierActMs + ownLimitMs(act, bytes);
}

function ownLimitMs(act: HostAct['act'], bytes: number): number {
  switch (act) {
    case 'fence':
    case 'stop':
    case 'restart':
    case 'v2-unforce':
      return limits.stopLimitMs;
    case 'receive':
    case 'restore':
    case 'v2-backup':
    case 'v2-unpack':
    case 'fetch-database':
    case 'v2-fetch':
      return limits.dataLimitMs(bytes);
    case 'delete-aside':
    case 'remove-restored':
    case 'remove-scratch':
      return limits.deleteLimitMs;
    default:
      return limits.actLimitMs;
  }
}

const Refused = z.object({ refused: z.string(), code: optional(z.string()), hint: optional(z.string()) });
const Plan = z.union([z.object({ operations: z.array(Operation).max(limits.operationsMax) }), Refused]);
const Plans = z.object({ plans: z.array(Plan).max(1_000) });

interface Planned {
  readonly where: string;
  readonly member: MemberName;
  /** How many acts before the asked ones were only assumed: whether those are refused is nobody's question. */
  readonly assumed: number;
  readonly asked: number;
}

/**
 * The commands of the asked acts out of the answer to `plan`.
 * @throws OpsError HOST_COMMAND_FAILED, or what else the host says, when one of them is refused; HOST_OUTPUT_UNKNOWN
 */
export function plannedCommands(done: unknown, { where, member, assumed, asked }: Planned): readonly (readonly PlannedCommand[])[] {
  const parsed = Plans.safeParse(done);
  if (!parsed.success || parsed.data.plans.length !== assumed + asked) {
    const issue = parsed.success ? undefined : parsed.error.issues[0];
    throw unknownAnswer(
      { where, what: 'plan' },
      issue === undefined ? 'it has another number of plans than was asked for' : issue.path.join('.'),
    );
  }
  return parsed.data.plans.slice(assumed).map((plan) => {
    if ('refused' in plan) throw refused(where, plan);
    return plan.operations.map((operation) => ({ on: member, argv: typed(operation) }));
  });
}

function refused(where: string, { refused: message, code = 'HOST_COMMAND_FAILED', hint }: z.infer<typeof Refused>): OpsError {
  return programFailure({ where, what: 'plan' }, { code, message, hint });
}
