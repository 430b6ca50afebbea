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
  if (!existsSync(pinnedNode) || differences().some(({ optional }) => !optional)) {
    say('Installing the npm packages (npm ci); about half a minute');
    const startedAt = Date.now();
    // --include: a NODE_ENV of production must not leave the tools out. --loglevel: that the system's Node is old is no news.
    npm('ci', '--include=dev');
    say(`Installed the npm packages in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  // npm leaves out optional packages that do not want the Node it runs on (Debian's 18), although they are for the pinned one.
  const leftOut = differences().map(({ name, version }) => `${name}@${version}`);
  if (leftOut.length > 0) {
    say(`Installing what npm left out for ${process.version}: ${leftOut.join(' ')}`);
    npm('install', '--no-save', ...leftOut);
  }
  process.env['PATH'] = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
}

function npm(...args) {
  const { status } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0 && existsSync(pinnedNode)) return;
  say(`npm ${args[0]} failed: the reason stands above. Correct it and try again.`);
  process.exit(1);
}

/** The packages of the lock file that are for this machine and not installed in that version. Optional ones count when they are made for a processor: the others are parts of what is made for another one. */
function differences() {
  // npm's own note of what it installed; absent when an installation was cut.
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json'))
    .filter(
      ([path, wanted]) =>
        path !== '' && isForThisMachine(wanted) && (!wanted.optional || wanted.cpu) && installed[path]?.version !== wanted.version,
    )
    .map(([path, { version, optional = false }]) => ({ name: path.replace(/^.*node_modules\//, ''), version, optional }));
}

function isForThisMachine({ os, cpu, libc }) {
  const here = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const isOneOf = (list, one) => list === undefined || list.includes(one);
  return isOneOf(os, process.platform) && isOneOf(cpu, process.arch) && (process.platform !== 'linux' || isOneOf(libc, here));
}

function packagesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
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
