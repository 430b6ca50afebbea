/** What really happened on the hosts, from their own logs: so that what a killed worker did and could not record counts too. */
import type { RunId } from '../../src/ids.ts';
import { repeatedOnHosts } from '../stage/acting.ts';
import { begunOn } from '../stage/host-log.ts';
import type { Stage } from '../stage/stage.ts';

/**
 * What may be done again after a cut: it removes half-made things of the run, makes them anew, or makes true what is true already. A restore whose channel
 * ended before its directory got a name is one: nobody can tell that it is whole, so it is made anew.
 */
const harmless =
  /\$ (?:sha256sum|sync|chown|rm -f|rm -rf --one-file-system \S+\.new\.part|mkdir -m 700 \S+\.new\.part|dd |\S*etcd(?:ctl|utl) snapshot restore \S+ --data-dir=\S+\.new\.part\/) ?/;

/** Commands of a run that changed something and were carried out more than once on a host. */
export async function doneTwice(stage: Stage, run: RunId): Promise<string[]> {
  return (await repeatedOnHosts(stage, run)).filter((line) => !harmless.test(line));
}

/** How often an operation was begun on each host since then, by host. */
export async function timesOnHosts(stage: Stage, command: RegExp, since: Date): Promise<Record<string, number>> {
  // The log counts in seconds.
  const fromMs = Math.floor(since.getTime() / 1000) * 1000;
  const counts = await Promise.all(
    stage.lab.hosts.map(async (host) => {
      const begun = await begunOn(host);
      return [host.name, begun.filter((one) => one.time.getTime() >= fromMs && command.test(one.command)).length] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** How often each member's own log says that it was defragmented since then, by host. */
export async function defragmentations(stage: Stage, since: Date): Promise<Record<string, number>> {
  const line = /starting to defragment|starting defragment/;
  const from = `--since=@${Math.floor(since.getTime() / 1000)}`;
  const counts = await Promise.all(
    stage.lab.hosts.map(async ({ name, exec }) => {
      const { stdout } = await exec(['journalctl', '--quiet', '--output=cat', from, '--unit=etcd']);
      return [name, stdout.split('\n').filter((one) => line.test(one)).length] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** What lies beside the data-dirs, by host. */
export async function besideData(stage: Stage): Promise<Record<string, string>> {
  const lists = await Promise.all(
    stage.lab.hosts.map(
      async ({ name, exec }) => [name, (await exec(['sh', '-c', 'cd /data/etcd && ls -d data.* 2>/dev/null || true'])).stdout] as const,
    ),
  );
  return Object.fromEntries(lists);
}
