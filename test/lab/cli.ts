/** `npm run lab -- …`: a lab that stays up until it is taken down. */
import { stringify } from 'yaml';
import { parseArgs } from 'node:util';
import { faultNames } from './faults.ts';
import type { FaultName } from './faults.ts';
import { openLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { networkProfiles } from './network-profiles.ts';
import { cacheDir } from './paths.ts';
import { releases } from './recipe.ts';
import type { EtcdVersion } from './recipe.ts';
import { say } from './run.ts';
import { siteNamed, siteNames } from './sites/index.ts';
import { knownLabs, readState } from './state.ts';
import { down, isAlive } from './teardown.ts';
import { bringUp } from './up.ts';

const usage = `usage: npm run lab -- COMMAND [--name NAME]

  up [--etcd 3.4|3.5] [--members 1|3|5] [--site SITE] [--network plain|lan|wan] [--range A.B.C.0/24]
     [--data-dir-size-mib N]
${siteNames.map((name) => `       ${name.padEnd(20)}${siteNamed(name).about}\n`).join('')}  down [--all]
  status                     all labs, and whether their members are healthy
  reset                      a fresh, empty cluster on the same hosts
  exec HOST -- CMD...        as root, inside the host
  ssh HOST                   the ssh command that logs in as the bot's user
  etcdctl -- ARGS...         as root of etcd, against all members
  fault NAME HOST            ${faultNames.join(' ').replace(/(.{60}\S*) /g, '$1\n                             ')}
  config                     a config.yaml for the bot, on stdout

The name is "lab" when not given. Images and disks are in ${cacheDir()} (ETCD_MEDIC_LAB_CACHE).
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: 'lab' },
    etcd: { type: 'string', default: '3.4' },
    members: { type: 'string', default: '3' },
    site: { type: 'string', default: 'plain' },
    network: { type: 'string', default: 'plain' },
    range: { type: 'string' },
    'data-dir-size-mib': { type: 'string' },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [command = 'help', ...words] = positionals;

const commands: Readonly<Record<string, () => Promise<void>>> = {
  up: async () => {
    const started = performance.now();
    const size = values['data-dir-size-mib'];
    const { state } = await bringUp({
      name: values.name,
      etcd: oneOf('--etcd', values.etcd, Object.keys(releases) as EtcdVersion[]),
      members: oneOf('--members', Number(values.members), [1, 3, 5] as const),
      site: oneOf('--site', values.site, siteNames),
      network: oneOf('--network', values.network, networkProfiles),
      owner: 'nobody',
      ...(values.range === undefined ? {} : { range: values.range }),
      ...(size === undefined ? {} : { dataDirSizeMiB: Number(size) }),
    });
    say(
      `${state.name}: ${state.hosts.length} x etcd ${state.etcd} (${state.site}) on ${state.range}, up in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
    await printStatus(await openLab(state.name));
  },
  down: async () => {
    for (const name of values.all ? knownLabs() : [values.name]) say((await down(name)) ? `${name} is down` : `there is no lab ${name}`);
  },
  status: async () => {
    for (const name of knownLabs()) {
      const state = await readState(name);
      if (state === undefined) continue;
      if (state.ready) await printStatus(await openLab(name));
      else console.log(`${name}: ${isAlive(state) ? 'being made' : 'left half made; run down'}`);
    }
  },
  reset: async () => await (await openLab(values.name)).resetCluster(),
  exec: async () => {
    const [host = '', ...argv] = words;
    pass(await (await openLab(values.name)).host(host).exec(argv, { reject: false }));
  },
  ssh: async () => {
    const lab = await openLab(values.name);
    console.log(
      `ssh -i ${lab.ssh.identityFile} -o UserKnownHostsFile=${lab.ssh.knownHostsFile} ${lab.ssh.user}@${lab.host(words[0] ?? 'etcd01').address}`,
    );
  },
  etcdctl: async () => pass(await (await openLab(values.name)).etcdctl(words, { reject: false })),
  fault: async () => {
    const [fault = '', host = ''] = words;
    await (await openLab(values.name)).host(host).fault(oneOf<FaultName>('a fault', fault, faultNames));
  },
  config: async () => {
    const lab = await openLab(values.name);
    process.stdout.write(stringify(lab.botConfig()));
    say(`LAB_ETCD_PASSWORD=${lab.rootPassword}`);
  },
};

async function printStatus(lab: Lab): Promise<void> {
  console.log(`${lab.name}: etcd ${lab.etcd}, ${lab.siteName}, ${lab.range}, network ${lab.network}`);
  for (const host of lab.hosts) {
    const on = await host.isOn();
    const health = on
      ? await lab.etcdctl(['endpoint', 'health', '--command-timeout=2s'], { endpoints: [host.clientUrl], reject: false })
      : undefined;
    console.log(
      `  ${host.name} ${host.address} ${on ? 'on ' : 'off'} ${health === undefined ? '' : health.exitCode === 0 ? 'healthy' : 'unhealthy'}`,
    );
  }
}

function pass({ stdout, stderr, exitCode }: { stdout: string; stderr: string; exitCode: number }): void {
  if (stdout !== '') process.stdout.write(`${stdout}\n`);
  if (stderr !== '') process.stderr.write(`${stderr}\n`);
  process.exitCode = exitCode;
}

function oneOf<T extends string | number>(what: string, given: unknown, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new Error(`${what} is one of ${allowed.join(', ')}; got ${String(given)}`);
  return found;
}

const chosen = values.help ? undefined : commands[command];
if (chosen === undefined) {
  process.stdout.write(usage);
  process.exitCode = values.help || command === 'help' ? 0 : 64;
} else {
  await chosen().catch((failure: unknown) => {
    say(failure instanceof Error ? failure.message : String(failure));
    process.exitCode = 1;
  });
}
