/** Installs the npm packages when they are missing or not those of package-lock.json. Runs on Node 18 and later: the pinned Node is one of these packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The Node that package.json pins; it is there after `ensureNodeModules`. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

/** Says what is being done, on stderr. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Installs with `npm ci` unless what is there is already what the lock file says; ends the process when that fails. */
export function ensureNodeModules() {
  if (!isUpToDate()) {
    say('Installing the npm packages (npm ci); about half a minute');
    const startedAt = Date.now();
    // --include: a NODE_ENV of production must not leave the tools out. EBADENGINE of an old system Node is no news: the pinned one is about to come.
    const { status } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0 || !existsSync(pinnedNode)) {
      say('npm ci failed: the reason stands above. Correct it and try again.');
      process.exit(1);
    }
    say(`Installed the npm packages in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  process.env['PATH'] = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
}

function isUpToDate() {
  if (!existsSync(pinnedNode)) return false;
  try {
    const wanted = packagesOf('package-lock.json');
    // npm's own note of what it installed; absent when an installation was cut.
    const installed = packagesOf('node_modules/.package-lock.json');
    return Object.entries(wanted).every(([path, { version, optional }]) => {
      if (path === '') return true;
      const there = installed[path];
      return there === undefined ? optional === true : there.version === version;
    });
  } catch {
    return false;
  }
}

function packagesOf(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
}

/** Goes on in the pinned Node when this process is an older one: runs the same script again there and ends with its exit code. */
export function continueOnPinnedNode() {
  const pinned = `v${JSON.parse(readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8')).version}`;
  if (process.version === pinned) return;
  process.exit(runOnPinnedNode(process.argv.slice(1)));
}

/** Runs the pinned Node in the foreground and gives its exit code. Ctrl-C reaches it directly: it is in the same process group. */
export function runOnPinnedNode(args, env = {}) {
  const { status, signal } = spawnSync(pinnedNode, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return signal === null ? (status ?? 1) : 130;
}
