/** Installs the npm packages when they are missing or not those of package-lock.json. Runs on Node 18 and later: the pinned Node is one of these packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Node's own package for this machine: held to its hash in package-lock.json like any other, and nothing is downloaded besides. */
const nodePackage = `node_modules/node-${process.platform}-${process.arch}`;
/** False where no such package is pinned (macOS): there the Node that runs this must do. */
const isPinned = Object.hasOwn(packagesOf('package-lock.json'), nodePackage);

/** The Node that package.json pins; it is there after `ensureNodeModules`. Where none is pinned for this machine, the one that runs this. */
export const pinnedNode = isPinned ? join(root, nodePackage, 'bin', 'node') : process.execPath;

/** Says what is being done, on stderr. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Installs with `npm ci` unless what is there is already what the lock file says; ends the process when that fails. */
export function ensureNodeModules() {
  if (!isPinned) endIfTooOld();
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

function endIfTooOld() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [major, minor] = wanted.split('.').map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  say(`No Node is pinned for ${process.platform} ${process.arch}, and this one is ${process.version}: install Node ${wanted} or newer.`);
  process.exit(1);
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
  if (!isPinned) return;
  const pinned = `v${JSON.parse(readFileSync(join(root, nodePackage, 'package.json'), 'utf8')).version}`;
  if (process.version === pinned) return;
  process.exit(runOnPinnedNode(process.argv.slice(1)));
}

/** Runs the pinned Node in the foreground and gives its exit code. Ctrl-C reaches it directly: it is in the same process group. */
export function runOnPinnedNode(args, env = {}) {
  const { status, signal } = spawnSync(pinnedNode, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return signal === null ? (status ?? 1) : 130;
}
