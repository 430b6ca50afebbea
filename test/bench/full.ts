/** A cluster that has reached its quota, kept on the hosts so that every run begins with the same bytes. */
import { dataDir, environmentFile } from '../lab/sites/plain.ts';
import { waitUntil } from '../lab/wait.ts';
import { dbSizeBytes } from './fill.ts';
import { onAll, settingsKept, stopAll, tidy } from './ground.ts';
import type { Ground } from './ground.ts';

const kept = '/var/lib/bench-full';
const commandLimitMs = 600_000;
const startLimitMs = 300_000;

/** One key, written over: history, which a compaction removes. */
const fillerBytes = 500_000;
/** Room for a few requests of etcd's largest size, 1.5 MiB: below that no cluster takes writes for long. */
const smallestQuotaBytes = 8 * 1024 * 1024;

/** Sets the quota to what the database has already, writes until etcd refuses, and keeps each member's data-dir. */
export async function makeFull(ground: Ground): Promise<void> {
  const { lab } = ground.stage;
  const quotaBytes = Math.max(await dbSizeBytes(lab), smallestQuotaBytes);
  await onAll(ground.stage, async ({ exec }) => {
    const setting = `ETCD_QUOTA_BACKEND_BYTES="${quotaBytes}"`;
    await exec(['sh', '-euc', `echo '${setting}' >> ${settingsKept}; cp -a ${settingsKept} ${environmentFile}`]);
    await exec(['systemctl', 'restart', '--no-block', 'etcd']);
  });
  await waitUntil(
    async () => {
      const { stderr } = await lab.etcdctl(['put', '/bench/too-much'], { input: 'x'.repeat(fillerBytes), reject: false });
      return stderr.includes('database space exceeded');
    },
    { for: 'etcd refusing a write for want of space', withinMs: startLimitMs, everyMs: 50 },
  );
  await stopAll(ground.stage);
  await onAll(ground.stage, ({ exec }) => exec(['cp', '-a', dataDir, kept], { timeoutMs: commandLimitMs }));
}

/** Puts the full data-dirs back and starts the members; resolves when each serves reads and the alarm is raised. */
export async function putBackFull(ground: Ground): Promise<void> {
  const { lab } = ground.stage;
  const copy = `rm -rf ${dataDir}; cp -a ${kept} ${dataDir}`;
  await stopAll(ground.stage);
  await onAll(ground.stage, ({ exec }) => exec(['sh', '-euc', copy], { timeoutMs: commandLimitMs }));
  await onAll(ground.stage, ({ exec }) => exec(['systemctl', 'start', '--no-block', 'etcd']));
  const served = (url: string) => lab.etcdctl(['get', '/name/1', '--command-timeout=1s'], { endpoints: [url], reject: false });
  await waitUntil(
    async () => {
      const reads = await Promise.all(lab.hosts.map(({ clientUrl }) => served(clientUrl)));
      if (!reads.every(({ exitCode }) => exitCode === 0)) return false;
      return (await lab.etcdctl(['alarm', 'list'])).stdout.includes('NOSPACE');
    },
    { for: 'the full members serving reads', withinMs: startLimitMs, everyMs: 200 },
  );
  // `endpoint health` calls a member with an alarm unhealthy, so it is not asked.
  await tidy(ground, { healthy: false });
}
