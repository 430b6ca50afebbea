/** The rules of a run's gates, from its cluster's configuration and from who may do what now. */
import type { Access } from '../access/index.ts';
import type { Config } from '../config/schema.ts';
import type { Gate, RunRequest } from '../engine/journal.ts';
import type { GateRules, Reporter } from '../engine/ports.ts';
import { OpsError } from '../errors.ts';

/** How long a failed run waits for Retry or Abort when config.yaml does not say: a night and a day. */
const failureExpiresAfterMs = 24 * 3_600_000;

interface GateRulesDeps {
  readonly config: Config;
  readonly access: Pick<Access, 'mayApproveNow' | 'mayBreakGlassNow'>;
  readonly reporter: Pick<Reporter, 'progress'>;
}

/** Makes the rules. A yes that does not count when it would be acted on is told under its step. @throws OpsError CONFIG_INVALID without the cluster */
export function gateRules({ config, access, reporter }: GateRulesDeps, run: RunRequest): GateRules {
  const approvals = config.clusters[run.cluster]?.approvals;
  if (approvals === undefined) throw new OpsError('CONFIG_INVALID', `config.yaml has no cluster ${run.cluster}.`);
  const told = (allowed: Awaited<ReturnType<Access['mayApproveNow']>>, gate: Gate, what: string): boolean => {
    if (!allowed.allowed) reporter.progress(run, gate.stepId, `${what} does not count now. ${allowed.because}`);
    return allowed.allowed;
  };
  return {
    required: { general: approvals.required, quorumLoss: approvals.quorumLoss },
    approvalExpiresAfterMs: approvals.expiresAfter,
    failureExpiresAfterMs: config.failureExpiresAfter ?? failureExpiresAfterMs,
    mayApprove: async (by, asked, gate) => told(await access.mayApproveNow(by, asked, gate), gate, 'A yes'),
    mayBreakGlass: async (by, asked, gate) => told(await access.mayBreakGlassNow(by, asked, gate), gate, 'The break-glass'),
  };
}
