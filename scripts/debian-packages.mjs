/** Installs Debian packages that are missing, with apt-get as root or through `sudo -n`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { say } from './node-modules.mjs';

const installTimeoutMs = 600_000;

/** What tests and demo need besides the lab's own list: each package with a file that proves it is there. */
export const packages = {
  'redis-server': '/usr/bin/redis-server',
  'openssh-client': '/usr/bin/ssh',
  'etcd-client': '/usr/bin/etcdctl',
  openssl: '/usr/bin/openssl',
  procps: '/usr/bin/ps',
  // The program on the hosts is tested with it.
  python3: '/usr/bin/python3',
  zstd: '/usr/bin/zstd',
};

/**
 * Installs what is missing and says so; returns at once when all is there. Never ends the process: what needs a missing package says so itself.
 * @param {Record<string, string>} wanted package names, each with a file that proves it is installed
 */
export function ensureDebianPackages(wanted) {
  const missing = Object.keys(wanted).filter((name) => !existsSync(wanted[name]));
  if (missing.length === 0) return;

  if (!existsSync('/usr/bin/apt-get')) return say(`Not installed, and there is no apt-get to do it: ${missing.join(' ')}`);
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n'];
  if (asRoot.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    return say(`Not installed, and apt-get needs root: sudo apt-get install ${missing.join(' ')}`);
  }

  const startedAt = Date.now();
  say(`Installing Debian packages (apt-get install): ${missing.join(' ')}`);
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  let result = aptGet(asRoot, install);
  if (result.status !== 0) {
    // Lists that are missing or out of date show only when the installation is tried.
    say('Fetching the package lists (apt-get update), then trying again');
    aptGet(asRoot, ['update']);
    result = aptGet(asRoot, install);
  }
  if (result.status === 0) say(`Installed the Debian packages in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  else say(`${result.stdout}${result.stderr}\napt-get could not install: ${missing.join(' ')}`);
}

function aptGet(asRoot, args) {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::http::Timeout=30'];
  const [file, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
  return spawnSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: installTimeoutMs });
}
