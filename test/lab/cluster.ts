/** The cluster on the hosts: waiting for it, locking it with authentication, and starting over. */
import { etcdctl } from './etcdctl.ts';
import { execIn } from './exec.ts';
import { makeDataDir, writeHostFiles } from './host-files.ts';
import { restoreNetwork } from './network.ts';
import { powerOn } from './power.ts';
import type { HostState, LabState } from './state.ts';
import { answersTcp, waitUntil } from './wait.ts';

const healthyWithinMs = 60_000;

/** Waits until every member answers and agrees, then creates the user root and enables authentication. */
export async function bringUpCluster(lab: LabState): Promise<void> {
  await Promise.all(lab.hosts.map(async ({ name, address }) => await waitUntil(async () => await answersTcp(address, 2379), { for: `etcd of ${name} answering`, withinMs: healthyWithinMs })));
  await waitHealthy(lab);
  await etcdctl(lab, ['user', 'add', 'root', '--interactive=false'], { input: `${lab.rootPassword}\n` });
  await etcdctl(lab, ['role', 'add', 'root']);
  await etcdctl(lab, ['user', 'grant-role', 'root', 'root']);
  await etcdctl(lab, ['auth', 'enable']);
  await waitHealthy(lab);
}

/** Waits until a linearizable read through every member works. */
export async function waitHealthy(lab: LabState, withinMs = healthyWithinMs): Promise<void> {
  await waitUntil(async () => (await etcdctl(lab, ['endpoint', 'health', '--dial-timeout=500ms', '--command-timeout=2s'], { reject: false })).exitCode === 0, {
    for: `all ${lab.hosts.length} members of ${lab.name} being healthy`,
    withinMs,
    everyMs: 50,
  });
}

/** Everything a test or a run can have left behind in a host, in the order it is put right. */
const resetScript = `
pkill -CONT -x sshd
pkill -KILL -u etcdops
pkill -KILL -x 'etcdctl|etcdutl'
rm -rf /etc/systemd/system/etcd.service /etc/systemd/system/etcd.service.d /run/systemd/system/etcd.service /run/systemd/system/etcd.service.d
ln -sf /lib/systemd/system/etcd.service /etc/systemd/system/multi-user.target.wants/etcd.service
systemctl daemon-reload
systemctl --no-block stop etcd
systemctl kill --signal=KILL etcd
systemctl stop etcd
systemctl reset-failed etcd
systemctl start ssh
find /data/etcd /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' -exec rm -rf {} +
find /etc/default -name 'etcd?*' -delete
find /home/etcdops -mindepth 1 -maxdepth 1 ! -name '.ssh' ! -name '.bash*' ! -name '.profile' -exec rm -rf {} +
[ "$(systemctl is-active etcd)" = inactive ] && [ -z "$(ls -A /data/etcd)" ]
`;

/** Brings a dirtied cluster back to a fresh, empty, healthy one, with authentication enabled; hosts that are off are switched on. */
export async function resetCluster(lab: LabState): Promise<void> {
  await Promise.all(lab.hosts.map(async (host) => await cleanHost(lab, host)));
  // Only now: a member that starts while an old one still runs would talk to it.
  await Promise.all(lab.hosts.map(async (host) => await execIn(lab, host, ['systemctl', 'start', '--no-block', 'etcd'])));
  await bringUpCluster(lab);
}

async function cleanHost(lab: LabState, host: HostState): Promise<void> {
  await restoreNetwork(lab, host);
  await powerOn(lab, host);
  await execIn(lab, host, ['sh', '-s'], { input: resetScript });
  await writeHostFiles(lab, host);
  await makeDataDir(lab, host);
}
