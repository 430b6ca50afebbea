/** Which etcd versions a procedure may be carried out on, and what must be said of one. */

/** Minor versions whose tools and flags are known here. 3.6 is carried out by the same tools as 3.5 (`etcdutl`). */
const known = new Set(['3.4', '3.5', '3.6']);

/** The minor version of `3.4.23`: `3.4`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** The reason to refuse a version, or undefined. */
export function refusal(version: string): string | undefined {
  return known.has(minorOf(version))
    ? undefined
    : `etcd ${version} is not known to etcd-medic (it knows ${[...known].join(', ')}), so it does not touch it.`;
}

/** What must be said of a version, or undefined. 3.4 had its last release in May 2026: https://etcd.io/docs/latest/op-guide/versioning/ */
export function notice(version: string): string | undefined {
  return minorOf(version) === '3.4'
    ? `etcd ${version}: 3.4 has been end-of-life since May 2026 and gets no more fixes; plan the upgrade.`
    : undefined;
}
