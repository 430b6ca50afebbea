/** The door that the bot comes in by: what `etcd-medic kit` makes, by its very script. A test that passes proves that this is enough. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config } from '../../src/config/schema.ts';
import { derivePublicKey } from '../../src/host/public-key.ts';
import { writeKit } from '../../src/kit/index.ts';
import { allowGroups } from '../../src/kit/values.ts';
import { botConfig } from './config.ts';
import { execIn } from './exec.ts';
import { hostPaths, labPaths } from './paths.ts';
import type { HostState, LabState } from './state.ts';
import { siteOf } from './urls.ts';

export const sudoersPath = '/etc/sudoers.d/etcd-medic';

/** What the bot leaves on a host outside of etcd's directories, for a shell; a reset removes it. */
export const doorLeavings: readonly string[] = ['/var/lib/etcd-medic-host/*'];

/**
 * Lets the bot in. Called when a host's files are written and it is up, and again at each reset: then it puts back what a test changed.
 * @throws Error when the host does not take it
 */
export async function installDoor(lab: LabState, host: HostState): Promise<void> {
  const scripts = await scriptsOf(lab);
  const log = join(hostPaths(lab.name, host.name).root, logPath);
  if (existsSync(log)) truncateSync(log);
  // Half a second a host is too much for each reset of each test.
  const known = knownPath(lab, host);
  if (existsSync(known) && readFileSync(known, 'utf8') === traceOf(lab, host, scripts)) return;
  await runAll(lab, host, scripts);
  writeFileSync(known, traceOf(lab, host, scripts));
}

/** Has the kit find out anew what the host is, after a test has laid it out otherwise; the next reset does it once more. */
export async function describeAgain(lab: LabState, host: HostState): Promise<void> {
  await runAll(lab, host, await scriptsOf(lab));
  rmSync(knownPath(lab, host), { force: true });
}

function knownPath(lab: LabState, host: HostState): string {
  return join(labPaths(lab.name).state, `${host.name}.door`);
}

async function runAll(lab: LabState, host: HostState, scripts: readonly string[]): Promise<void> {
  for (const script of scripts) await execIn(lab, host, ['sh', '-s'], { input: script });
}

async function scriptsOf(lab: LabState): Promise<readonly string[]> {
  const config = Config.parse({ ...botConfig(lab), clusters: clustersOf(lab) });
  const scripts = [];
  for (const [name, { ssh }] of Object.entries(config.clusters)) {
    const words = [name, `--allow=${allowGroups.join(',')}`, ...(ssh.user === 'root' ? ['--root'] : [])];
    scripts.push((await writeKit(words, { config, derivePublicKey })).script);
  }
  return scripts;
}

/** Every cluster of the site, as the bot's configuration has it. */
function clustersOf(lab: LabState): Record<string, unknown> {
  const each = siteOf(lab).etcds.map(({ unit, nameSuffix }) => botConfig(lab, { unit, cluster: `${lab.name}${nameSuffix}` })['clusters']);
  return Object.assign({}, ...each) as Record<string, unknown>;
}

const logPath = '/var/log/etcd-medic-host.log';
const written = [
  '/etc/passwd',
  '/etc/shadow',
  '/etc/etcd-medic/host.json',
  '/usr/local/sbin/etcd-medic-host',
  '/home/etcdops/.ssh/authorized_keys',
  '/root/.ssh/authorized_keys',
  '/var/lib/etcd-medic-host',
  logPath,
  sudoersPath,
];

/** What the scripts say and what they wrote: while it is the same, running them would change nothing. */
function traceOf(lab: LabState, host: HostState, scripts: readonly string[]): string {
  const { root } = hostPaths(lab.name, host.name);
  const hash = createHash('sha256').update(scripts.join(''));
  for (const path of written) {
    const there = lstatSync(join(root, path), { throwIfNoEntry: false });
    hash.update(`${path} ${there?.mode} ${there?.uid} ${there?.gid}\n`);
    if (there?.isFile() === true && path !== logPath) hash.update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}
