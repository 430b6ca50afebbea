/** Gives a lab's cluster a small quota, fills it with history, and says what its members then say of themselves. */
import type { Stage } from './stage.ts';

/** Large values fill a quota with few writes. */
const valueBytes = 500_000;
const writesMax = 400;
/** So many in a row are no slow machine any more. */
const failuresMax = 20;

/** Sets `--quota-backend-bytes` on every host and restarts etcd there, one after the other. */
export async function setQuota({ lab }: Pick<Stage, 'lab'>, bytes: number): Promise<void> {
  for (const { exec } of lab.hosts) {
    await exec(['sh', '-euc', `echo 'ETCD_QUOTA_BACKEND_BYTES="${bytes}"' >> /etc/default/etcd; systemctl restart etcd`]);
    await lab.waitHealthy();
  }
}

/** Overwrites one key until etcd refuses. @throws Error when it never does */
export async function fill({ lab }: Pick<Stage, 'lab'>): Promise<void> {
  let last = 'none';
  let failures = 0;
  for (let write = 0; write < writesMax && failures < failuresMax; write += 1) {
    const { exitCode, stderr } = await lab.etcdctl(['put', '/history/1'], { input: String(write % 10).repeat(valueBytes), reject: false });
    if (stderr.includes('space exceeded')) return;
    failures = exitCode === 0 ? 0 : failures + 1;
    if (exitCode !== 0) last = stderr;
  }
  throw new Error(`the cluster was not filled, by ${writesMax} writes at most; the last failure: ${last}`);
}

/** The alarms that are raised, as etcdctl lists them. */
export async function alarms({ lab }: Pick<Stage, 'lab'>): Promise<string> {
  return (await lab.etcdctl(['alarm', 'list'])).stdout;
}

/** How often each member's own log says that it was defragmented. */
export async function defragmentations({ lab }: Pick<Stage, 'lab'>): Promise<number[]> {
  return Promise.all(
    lab.hosts.map(async ({ exec }) => {
      const { stdout } = await exec(['journalctl', '--quiet', '--output=cat', '--unit=etcd']);
      return stdout.split('\n').filter((line) => /starting to defragment|starting defragment/.test(line)).length;
    }),
  );
}
