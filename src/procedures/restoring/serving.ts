/** Whether a cluster serves: every member answers, the votes hold, and all have the same data. */
import type { Clock } from '../../engine/ports.ts';
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Etcd } from '../../etcd/etcd.ts';

/** Members that have just started may lag for a moment. */
const agreementLimitMs = 60_000;
const agreementIntervalMs = 500;

/** Every configured member answers and a leader is known. */
export async function serving(etcd: Etcd): Promise<Finding> {
  const { endpoints, quorum } = await etcd.look();
  const silent = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [`${endpoint.member}: ${endpoint.reason}`]));
  if (silent.length > 0) return fails(`Not every member answers (${silent.join('; ')}).`);
  return quorum.holds ? holds(quorum.sentence) : fails(quorum.sentence);
}

/** All members agree; asked again until they do or the limit passes, where waiting makes sense. */
export async function agreement(etcd: Etcd, clock: Clock, mayWait: boolean): Promise<Finding> {
  const start = clock.now().getTime();
  for (;;) {
    const finding = await askOnce(etcd);
    if (finding.holds || !mayWait || clock.now().getTime() - start >= agreementLimitMs) return finding;
    await clock.sleep(agreementIntervalMs);
  }
}

async function askOnce(etcd: Etcd): Promise<Finding> {
  try {
    return await etcd.membersAgree();
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}
