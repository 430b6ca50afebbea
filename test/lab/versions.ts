/** The versions of etcd that the lab has, each on the Debian release that ships it, and tests that hold on both. */
import { describe } from 'vitest';
import type { EtcdVersion } from './recipe.ts';

interface Options {
  /** The version that `npm test` takes; the other one is for `npm run test:faults`. The newer one when not given. */
  readonly ordinary?: EtcdVersion;
}
type Body = (etcd: EtcdVersion) => void;

/** Describes the same on both versions. @param title with `%s` for the version */
export function describeOnEach(title: string, ...how: readonly [Body] | readonly [Options, Body]): void {
  const [{ ordinary = '3.5' }, body] = how.length === 1 ? [{}, how[0]] : how;
  for (const etcd of ['3.4', '3.5'] as const) {
    const options = etcd === ordinary ? {} : { tags: 'long' };
    // oxlint-disable-next-line vitest/valid-title -- it is a string, made here
    describe(title.replace('%s', etcd), options, () => {
      body(etcd);
    });
  }
}
