/** What a run has made of a site, seen past the bot. */
import { expect } from 'vitest';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import type { Carried } from './carry-out.ts';

const electedWithinMs = 60_000;

const sh = async ({ exec }: LabHost, script: string) => (await exec(['sh', '-c', script])).stdout.split('\n').filter(Boolean);

export function expectCompleted({ view }: Carried): void {
  const said = [view.openGate?.reason, view.conclusion].filter(Boolean).join('\n');
  expect(view.outcome, `${view.run.runId}: ${said}`).toBe('completed');
}

/** A value as each member has it in its own store. */
export async function storedEverywhere(lab: Lab, key: string): Promise<readonly string[]> {
  return await Promise.all(
    lab.hosts.map(
      async ({ clientUrl }) =>
        (await lab.etcdctl(['get', key, '--print-value-only', '--consistency=s'], { endpoints: [clientUrl] })).stdout,
    ),
  );
}

export async function settingsAt({ exec }: LabHost, path: string): Promise<string> {
  return (await exec(['cat', path])).stdout;
}

/** Waits until the cluster goes on without that member, which may have led it. */
export async function othersServe(lab: Lab, without: LabHost): Promise<void> {
  await Promise.all(
    lab.hosts
      .filter(({ name }) => name !== without.name)
      .map(async ({ name, clientUrl }) => {
        const read = async () =>
          (await lab.etcdctl(['get', '/', '--command-timeout=3s'], { endpoints: [clientUrl], reject: false })).exitCode === 0;
        await waitUntil(read, { for: `a linearizable read through ${name}`, withinMs: electedWithinMs });
      }),
  );
}

/** The etcds of the hosts that no run is about: process, restarts, and which directory their data is. */
export async function neighboursOf({ hosts, site }: Lab): Promise<readonly string[]> {
  const [, ...others] = site.etcds;
  const asked = others.flatMap(({ unit, dataDir }) =>
    hosts.map(async (host) =>
      (await sh(host, `systemctl show --property=MainPID,NRestarts ${unit}; stat -c '%n %i' ${dataDir}`)).join(' '),
    ),
  );
  return await Promise.all(asked);
}

/** Which directories hold the data and the WAL. */
export async function dataOf({ hosts, site }: Lab): Promise<readonly (readonly string[])[]> {
  const { dataDir, walDir = '' } = site.etcds[0];
  return await Promise.all(hosts.map(async (host) => await sh(host, `stat -c '%n %i' ${dataDir}/member ${walDir}`)));
}

/**
 * etcd runs as it did before, its files are its own, and nothing of the run is left on any host but what was moved aside, which the report names.
 * @param moved the hosts on which the run moved data
 */
export async function expectTidy({ hosts, site }: Lab, { run, view }: Carried, moved: readonly LabHost[]): Promise<void> {
  const { unit, unitPath, dataDir, walDir, user } = site.etcds[0];
  const isMount = site.mounts.some(({ path }) => path === dataDir);
  const aside = [isMount ? `${dataDir}/member` : dataDir, ...(walDir === undefined ? [] : [walDir])]
    .map((path) => `${path}.${run}.old`)
    .toSorted();
  for (const host of hosts) {
    const places = '/etc /run/systemd /tmp /var/tmp /var/lib /home /root /srv /data /wal';
    const left = await sh(
      host,
      `find ${places} -path /var/lib/etcd-medic-host -prune -o -name '*${run}*' -prune -print 2>/dev/null | sort; true`,
    );
    expect(left, host.name).toEqual(moved.includes(host) ? aside : []);
    for (const path of left) expect(view.conclusion).toContain(path);
    expect(
      await sh(host, `find ${places} -name '*.masked-by-etcd-medic' -o -name '*.part' -o -name 'etcd-medic-*.conf' 2>/dev/null; true`),
    ).toEqual([]);
    expect(await sh(host, `systemctl is-active ${unit}; readlink ${unitPath}; systemctl is-enabled ${unit}`)).toEqual([
      'active',
      'enabled',
    ]);
    const own = [`${dataDir}/member`, ...(walDir === undefined ? [] : [walDir])].join(' ');
    expect(await sh(host, `find ${own} ! -user ${user}`), host.name).toEqual([]);
    expect(await sh(host, `find ${own} -name '*.wal' -printf '%h\\n' | sort -u`), host.name).toEqual([walDir ?? `${dataDir}/member/wal`]);
    if (isMount) expect(await sh(host, `ls ${dataDir}`), host.name).toContain('lost+found');
  }
}
