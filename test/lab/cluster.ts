/** The cluster on the hosts: waiting for it, locking it with authentication, and starting over. */
import { servesTls } from './etcdctl.ts';
import { execIn } from './exec.ts';
import { askGateway, isHealthy } from './gateway.ts';
import { cleanHost } from './reset.ts';
import type { EtcdPlace } from './site.ts';
import { membersOf } from './state.ts';
import type { LabState } from './state.ts';
import { siteOf } from './urls.ts';
import { waitUntil } from './wait.ts';

const healthyWithinMs = 60_000;
const changedWithinMs = 10_000;
/** What `systemctl enable` makes. A host boots for the first time without it. */
export const wantedPath = (unit: string): string => `/etc/systemd/system/multi-user.target.wants/${unit}.service`;

/** Starts every etcd of a site on hosts that have empty data-dirs, and gives it its users. */
export async function startClusters(lab: LabState): Promise<void> {
  await Promise.all(siteOf(lab).etcds.map(async (etcd) => await startCluster(lab, etcd)));
}

/**
 * Starts one cluster, creates the user root and enables authentication where the site has it.
 * One member after the other: each asks its peers, a second apiece, whether there is a cluster already, and waits that second for one
 * that listens but does not serve yet. Started together they do that to each other, which costs up to four seconds.
 */
async function startCluster(lab: LabState, etcd: EtcdPlace): Promise<void> {
  const { unit, unitPath, peerPort } = etcd;
  for (const host of membersOf(lab)) {
    await execIn(lab, host, ['sh', '-euc', `ln -sf ${unitPath} ${wantedPath(unit)}; systemctl start --no-block ${unit}`]);
    await waitUntil(async () => await servesTls(lab, host.address, peerPort), {
      for: `${unit} of ${host.name} serving its peers`,
      withinMs: healthyWithinMs,
    });
  }
  await waitHealthyOf(lab, etcd, healthyWithinMs);
  if (!siteOf(lab).auth) return;
  await enableAuth(lab, etcd);
  await waitHealthyOf(lab, etcd, healthyWithinMs);
}

/** The user root, who may do everything, and from then on nobody without a password or a certificate of root. */
async function enableAuth(lab: LabState, etcd: EtcdPlace): Promise<void> {
  const [first] = membersOf(lab);
  if (first === undefined) throw new Error(`the lab ${lab.name} has no member`);
  const ask = async (path: string, body: object, doneAlready?: RegExp) => {
    let asked = 0;
    const isDone = async () => {
      asked += 1;
      await askGateway(lab, { host: first, etcd }, path, { body, timeoutMs: changedWithinMs }).catch((failure: unknown) => {
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

/** Waits until a linearizable read through every member works, of every etcd of the site. */
export async function waitHealthy(lab: LabState, withinMs = healthyWithinMs): Promise<void> {
  await Promise.all(siteOf(lab).etcds.map(async (etcd) => await waitHealthyOf(lab, etcd, withinMs)));
}

async function waitHealthyOf(lab: LabState, etcd: EtcdPlace, withinMs: number): Promise<void> {
  await Promise.all(
    membersOf(lab).map(async (host) => {
      // A read that comes before there is a leader is lost, and 3.4 never repeats it: better many short tries than a long one. They grow, for slow machines.
      let timeoutMs = 300;
      const healthy = async () => {
        timeoutMs = Math.min(timeoutMs + 100, 2_000);
        return await isHealthy(lab, { host, etcd }, timeoutMs);
      };
      await waitUntil(healthy, { for: `${etcd.unit} of ${host.name} of ${lab.name} being healthy`, withinMs, everyMs: 50 });
    }),
  );
}

/** Brings a dirtied cluster back to a fresh, empty, healthy one, with users as when it was new; hosts that are off are switched on. */
export async function resetCluster(lab: LabState): Promise<void> {
  await Promise.all(lab.hosts.map(async (host) => await cleanHost(lab, host)));
  // Only now: a member that starts while an old one still runs would talk to it.
  await startClusters(lab);
}
