/** What really happened on the hosts, from their own logs: so that what a killed worker did and could not record counts too. */
import type { RunId } from '../../src/ids.ts';
import { repeatedOnHosts } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';

/** Looks, and what may be said again after a cut: it removes half-made things of the run, or makes true what is true already. */
const harmless =
  /\$ \S*\/(?:find|du|df|sha256sum|stat|cat|pgrep|sync|chown|rmdir|rm -f|rm -rf --one-file-system \S+\.new\.part|mkdir -m 700 \S+\.new\.part|dd |etcdctl snapshot status|etcdutl snapshot status)/;

/** Commands of a run that changed something and were carried out more than once on a host. */
export async function doneTwice(stage: Stage, run: RunId): Promise<string[]> {
  return (await repeatedOnHosts(stage, run)).filter((line) => !harmless.test(line));
}

/** How often each host's sudo was asked for a command since then, by host. */
export async function timesOnHosts(stage: Stage, command: RegExp, since: Date): Promise<Record<string, number>> {
  return linesOnHosts(stage, ['--identifier=sudo'], new RegExp(String.raw`COMMAND=\S*/${command.source}`), since);
}

/** How often each member's own log says that it was defragmented since then, by host. */
export async function defragmentations(stage: Stage, since: Date): Promise<Record<string, number>> {
  return linesOnHosts(stage, ['--unit=etcd'], /starting to defragment|starting defragment/, since);
}

async function linesOnHosts(stage: Stage, of: readonly string[], line: RegExp, since: Date): Promise<Record<string, number>> {
  const from = `--since=@${Math.floor(since.getTime() / 1000)}`;
  const counts = await Promise.all(
    stage.lab.hosts.map(async ({ name, exec }) => {
      const { stdout } = await exec(['journalctl', '--quiet', '--output=cat', from, ...of]);
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
