/** What a procedure rests on, out of one look at a host: the facts, or the one thing that is wrong, before anything is touched. */
import type { Check } from '../checkup/check.ts';
import { purposeChecks } from '../checkup/purposes.ts';
import { fittingTool, toolChecks } from '../checkup/tools.ts';
import { OpsError } from '../errors.ts';
import type { HostFacts, Purpose, RestoreTool } from './host.ts';
import type { HostSight } from './sight.ts';
import { unknownAnswer } from './failures.ts';

/** @throws OpsError HOST_NOT_ALLOWED, HOST_TOOL_MISSING, HOST_OUTPUT_UNKNOWN */
export function preflightFacts(where: string, sight: HostSight, purposes: readonly Purpose[]): HostFacts {
  demandGood(where, purposeChecks(where, sight, purposes));
  const { serverVersion = '', unit, configuration, dataDir, freeBytes, clockOffsetMs } = sight;
  return { unit, serverVersion, tool: demandTool(where, sight), configuration, dataDir, freeBytes, clockOffsetMs };
}

/** The tool that fits the server. @throws OpsError HOST_TOOL_MISSING, HOST_OUTPUT_UNKNOWN */
export function demandTool(where: string, seen: Pick<HostSight, 'serverVersion' | 'tools'>): RestoreTool {
  demandGood(where, toolChecks(where, seen));
  const tool = fittingTool(seen);
  if (tool === undefined) throw unknownAnswer({ where, what: 'look' }, 'no tool fits');
  return tool;
}

function demandGood(where: string, checks: readonly Check[]): void {
  const wrong = checks.find(({ grade }) => grade === 'wrong');
  if (wrong === undefined) return;
  throw new OpsError(wrong.code ?? 'HOST_OUTPUT_UNKNOWN', `${where}: ${wrong.sentence}`, {
    details: { check: wrong.id },
    ...(wrong.cure !== undefined && { hint: wrong.cure }),
  });
}
