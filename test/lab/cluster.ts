/** The cluster on the hosts: waiting for it, locking it with authentication, and starting over. */
import { servesTls } from './etcdctl.ts';
import { execIn } from './exec.ts';
import { askGateway, isHealthy } from './gateway.ts';
import { makeDataDir, writeHostFiles } from './host-files.ts';
import { doorLeavings, installDoor } from './door.ts';
import { restoreNetwork } from './network.ts';
import { powerOn } from './power.ts';
import { membersOf } from './state.ts';
import type { HostState, LabState } from './state.ts';
import { waitUntil } from './wait.ts';

const healthyWithinMs = 60_000;
const changedWithinMs = 10_000;
const unitFile = '/lib/systemd/system/etcd.service';
/** What `systemctl enable etcd` makes. A host boots for the first time without it. */
export const wantedUnit = '/etc/systemd/system/multi-user.target.wants/etcd.service';

/**
 * Starts etcd on hosts that have an empty data-dir, creates the user root and enables authentication.
 * One member after the other: each asks its peers, a second apiece, whether there is a cluster already, and waits that second for one
 * that listens but does not serve yet. Started together they do that to each other, which costs up to four seconds.
 */
export async function startCluster(lab: LabState): Promise<void> {
  for (const host of membersOf(lab)) {
    await execIn(lab, host, ['sh', '-euc', `ln -sf ${unitFile} ${wantedUnit}; systemctl start --no-block etcd`]);
    await waitUntil(async () => await servesTls(lab, host.address, 2380), {
      for: `etcd of ${host.name} serving its peers`,
      withinMs: healthyWithinMs,
    });
  }
  await waitHealthy(lab);
  await enableAuth(lab);
  await waitHealthy(lab);
}

/** The user root, who may do everything, and from then on nobody without a password or a certificate of root. */
async function enableAuth(lab: LabState): Promise<void> {
  const [first] = membersOf(lab);
  if (first === undefined) throw new Error(`the lab ${lab.name} has no member`);
  const ask = async (path: string, body: object, doneAlready?: RegExp) => {
    let asked = 0;
    const isDone = async () => {
      asked += 1;
      await askGateway(lab, first, path, { body, timeoutMs: changedWithinMs }).catch((failure: unknown) => {
        // Only what was asked for before may be done already: the cluster is new.
        if (asked === 1 || doneAlready?.test(String(failure)) !== true) throw failure;
      });
      return true;
    };
    await waitUntil(isDone, { for: `${first.name} doing ${path}`, withinMs: healthyWithinMs });
  };
  await ask('/v3/auth/user/add', { name: 'root', password: lab.rootPassword }, /user name already exists/);
  await ask('/v3/auth/role/add', { name: 'root' }, /role name already exists/);
  await ask('/v3/auth/user/grant', { user: 'root', role: 'root' });
  // From then on the gateway takes no certificate.
  await ask('/v3/auth/enable', {}, /CommonName of client/);
}

/** Waits until a linearizable read through every member works. */
export async function waitHealthy(lab: LabState, withinMs = healthyWithinMs): Promise<void> {
  await Promise.all(
    membersOf(lab).map(async (member) => {
      // A read that comes before there is a leader is lost, and 3.4 never repeats it: better many short tries than a long one. They grow, for slow machines.
      let timeoutMs = 300;
      const healthy = async () => {
        timeoutMs = Math.min(timeoutMs + 100, 2_000);
        return await isHealthy(lab, member, timeoutMs);
      };
      await waitUntil(healthy, { for: `member ${member.name} of ${lab.name} being healthy`, withinMs, everyMs: 50 });
    }),
  );
}

/**
 * Everything a test or a run can have left behind in a host, in the order it is put right. A reload of systemd costs as much as all the rest.
 * Killing all of the unit ssh also ends what sessions still do, with sudo or without: a late restore must not write into the new cluster.
 */
const resetScript = `
systemctl kill --signal=KILL ssh
systemctl reset-failed ssh
systemctl restart ssh
changed=$(ls -d /etc/systemd/system/etcd.service* /run/systemd/system/etcd.service* 2>/dev/null)
[ -z "$changed" ] || rm -rf $changed
if [ -n "$changed" ] || [ "$(systemctl show --property=NeedDaemonReload --value etcd)" = yes ]; then systemctl daemon-reload; fi
systemctl --no-block stop etcd
systemctl kill --signal=KILL etcd
systemctl stop etcd
systemctl reset-failed etcd
find /data/etcd /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' -exec rm -rf {} +
find /etc/default -name 'etcd?*' -delete
[ ! -e /bin/date.real ] || mv /bin/date.real /bin/date
rm -f /etc/etcd/etcd.conf.yml*
rm -rf ${doorLeavings.join(' ')}
find /home/etcdops -mindepth 1 -maxdepth 1 ! -name '.ssh' ! -name '.bash*' ! -name '.profile' -exec rm -rf {} +
[ "$(systemctl is-active etcd)" = inactive ] && [ -z "$(ls -A /data/etcd)" ]
`;

/** Brings a dirtied cluster back to a fresh, empty, healthy one, with authentication enabled; hosts that are off are switched on. */
export async function resetCluster(lab: LabState): Promise<void> {
  await Promise.all(lab.hosts.map(async (host) => await cleanHost(lab, host)));
  // Only now: a member that starts while an old one still runs would talk to it.
  await startCluster(lab);
}

async function cleanHost(lab: LabState, host: HostState): Promise<void> {
  await restoreNetwork(lab, host);
  await powerOn(lab, host);
  await execIn(lab, host, ['sh', '-s'], { input: resetScript });
  await writeHostFiles(lab, host);
  await makeDataDir(lab, host);
  await installDoor(lab, host);
}
