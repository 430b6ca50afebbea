/** What the runbook has an operator type for API 2, on a host of the lab, past the bot: to see what it does where API 3 is in use as well. */
import type { Lab } from '../lab/lab.ts';

const host = 'etcd01';
const at = 'http://127.0.0.1:42379';

/** `etcdctl backup` of the first member's data-dir. With API 3's data etcd must be down: both would lock the database. */
export async function backupByHand(lab: Lab, dir: string, { withV3 = false }: { readonly withV3?: boolean } = {}): Promise<void> {
  const backup = `rm -rf ${dir}; ETCDCTL_API=2 etcdctl backup ${withV3 ? '--with-v3 ' : ''}--data-dir /data/etcd/data --backup-dir ${dir}`;
  const script = withV3 ? `systemctl stop etcd; ${backup}; systemctl start --no-block etcd` : backup;
  await lab.host(host).exec(['sh', '-euc', script]);
  if (withV3) await lab.waitHealthy();
}

/** What came of starting etcd from a backup. */
export interface StartedByHand {
  /** What etcd said when it died; empty when it serves. */
  readonly died: string;
  /** Keys of API 2. */
  readonly v2: string;
  /** What three writes of API 3 answered, one line each. */
  readonly writes: readonly string[];
  /** The keys of those that are there afterwards. */
  readonly written: string;
}

/** `etcd --force-new-cluster` on a copy of the backup, with ports of its own; ends it again. */
export async function startByHand(lab: Lab, dir: string): Promise<StartedByHand> {
  const { stdout } = await lab.host(host).exec(['bash', '-c', script(dir)]);
  const [died = '', v2 = '', written = '', ...writes] = stdout.split('\n');
  return { died, v2, written, writes };
}

function script(dir: string): string {
  return `
cd /tmp; rm -rf /tmp/try; cp -a ${dir} /tmp/try
etcd --enable-v2 --name ${host} --data-dir /tmp/try --force-new-cluster --listen-client-urls ${at} --advertise-client-urls ${at} \
  --listen-peer-urls http://127.0.0.1:42380 >/tmp/try.log 2>&1 &
pid=$!
for i in $(seq 1 300); do
  kill -0 $pid 2>/dev/null || break
  ETCDCTL_API=3 etcdctl --endpoints ${at} --command-timeout=1s get no-such-key >/dev/null 2>&1 && break
done
if ! kill -0 $pid 2>/dev/null; then grep -hm1 'panic' /tmp/try.log; exit 0; fi
echo
ETCDCTL_API=2 etcdctl --endpoints ${at} ls -r -p / | tr '\\n' ' '; echo
for i in 1 2 3; do ETCDCTL_API=3 etcdctl --endpoints ${at} --command-timeout=3s put after$i $i 2>&1 | tail -n 1; done > /tmp/try.writes
ETCDCTL_API=3 etcdctl --endpoints ${at} get after --prefix --keys-only | tr -s '\\n' ' '; echo
cat /tmp/try.writes
kill $pid; wait $pid 2>/dev/null; true`;
}
