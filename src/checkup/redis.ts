/** Whether Redis keeps what it is given: runs, approvals and journals lie there. */
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** What Redis says of itself. */
export interface RedisSeen {
  /** Undefined when it does not say. */
  readonly version: string | undefined;
  readonly policy: string | undefined;
  readonly appendOnly: boolean;
  /** What the queue needs, and what it asks for. */
  readonly minimum: string;
  readonly recommended: string;
}

/** https://docs.bullmq.io/guide/going-to-production#max-memory-policy and https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/ */
export function redisChecks({ version, policy, appendOnly, minimum, recommended }: RedisSeen): readonly Check[] {
  const { good, wrong } = saying('Redis');
  return [
    versionOf(version, minimum, recommended),
    policy === 'noeviction'
      ? good('eviction', 'It throws nothing away when memory is short.')
      : wrong(
          'eviction',
          `Redis has maxmemory-policy ${policy ?? 'not known'}: it may throw away runs when memory is short.`,
          'Set it to noeviction.',
        ),
    appendOnly
      ? good('persistence', 'It has an append-only file.')
      : wrong('persistence', 'Redis has no append-only file: runs since its last snapshot are lost when it stops.', 'Set appendonly yes.'),
  ];
}

function versionOf(version: string | undefined, minimum: string, recommended: string): Check {
  const { good, wrong, worthALook, notLookedAt } = saying('Redis');
  if (version === undefined) return notLookedAt('version', 'It does not say its version.');
  if (isBelow(version, minimum))
    return wrong('version', `It is Redis ${version}, and the queue needs ${minimum}.`, `Install Redis ${recommended} or newer.`);
  return isBelow(version, recommended)
    ? worthALook('version', `It is Redis ${version}, and the queue asks for ${recommended}.`, `Install Redis ${recommended} or newer.`)
    : good('version', `It is Redis ${version}.`);
}

function isBelow(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  const at = [0, 1, 2].find((index) => (a?.[index] ?? 0) !== (b?.[index] ?? 0));
  return at !== undefined && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}
