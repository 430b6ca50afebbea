/** Sees that etcd on a host has failed to start and is not tried again, so that nobody waits to the end of a deadline for it. */
import { failsForGood } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Clock } from '../../engine/ports.ts';
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { list } from '../../engine/words.ts';

/** Most members serve sooner than that; then the hosts, which are busy starting etcd, are not asked at all. */
const firstAskedAfterMs = 10_000;
const askedEveryMs = 5_000;

/**
 * Makes a finding of "does not serve yet" final when systemd has given a unit up: `ActiveState=failed`, after which it does not start it again
 * (systemd.service(5), Restart=). Remembers when it was first asked, so make one for each step.
 */
export function createFailedStart(hosts: readonly Host[], clock: Clock): (finding: Finding) => Promise<Finding> {
  let nextMs: number | undefined;
  return async (finding) => {
    const nowMs = clock.now().getTime();
    nextMs ??= nowMs + firstAskedAfterMs;
    if (finding.holds || nowMs < nextMs) return finding;
    nextMs = nowMs + askedEveryMs;
    const failed = (await Promise.all(hosts.map(async (host) => ({ host, failed: await hasFailed(host) })))).filter((each) => each.failed);
    if (failed.length === 0) return finding;
    const where = failed.map(({ host }) => host.member);
    return failsForGood(
      `${finding.because} etcd on ${list(where)} has failed to start, and systemd does not try again: \`journalctl --unit=${failed[0]?.host.unitName} --lines=20\` there says why.`,
    );
  };
}

/** A host that cannot be asked may be about to come up. */
async function hasFailed(host: Host): Promise<boolean> {
  try {
    return (await host.unit()).activeState === 'failed';
  } catch (error) {
    if (isOpsError(error)) return false;
    throw error;
  }
}
