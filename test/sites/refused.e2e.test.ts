/** What cannot work at a site says so before any gate, in the run and in the kit; etcd is not touched. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../../src/procedures/backup.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restore } from '../../src/procedures/restore.ts';
import { kitOn } from '../kit/on-host.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { begunOn } from '../stage/host-log.ts';
import { createCrew } from './carry-out.ts';
import type { Crew } from './carry-out.ts';
import { expectCompleted } from './looking.ts';

/** A run that stands at the failure of its preflight: nobody was asked for anything, and no host was told to change anything. */
async function refusedBy(lab: Lab, crew: Crew, procedure: Procedure, input: Readonly<Record<string, unknown>>) {
  const pids = async () => await Promise.all(lab.hosts.map(async ({ exec }) => (await exec(['pgrep', '-x', 'etcd'])).stdout));
  const before = await pids();

  const { run, view, gates } = await crew.carryOut(procedure, input);

  expect(gates).toEqual([]);
  expect(view.openGate).toMatchObject({ kind: 'failure', stepId: 'preflight' });
  expect(await pids()).toEqual(before);
  const begun = await Promise.all(lab.hosts.map(begunOn));
  expect(begun.flat().filter((operation) => operation.run === run)).toEqual([]);
  return `${view.openGate?.reason} ${view.openGate?.hint}`;
}

describe('the site split-bad', { tags: ['long'] }, () => {
  let lab: Lab;
  let crew: Crew;
  beforeAll(async () => {
    lab = await createLab({ name: 's-split-bad', etcd: '3.5', members: 3, site: 'split-bad' });
    crew = await createCrew(lab);
  });
  afterAll(async () => {
    await crew?.close();
    await lab?.down();
  });

  it('is refused a restore and a replacement, with the files and the cure', async () => {
    await lab.etcdctl(['put', '/name/1', 'saved']);
    expectCompleted(await crew.carryOut(backup));

    const said = [
      await refusedBy(lab, crew, restore, { 'while-healthy': true }),
      await refusedBy(lab, crew, replaceMember, { member: 'etcd03', healthy: true }),
    ];

    for (const each of said) {
      expect(each).toContain('they stand in more than one file (/etc/default/etcd, /etc/etcd/cluster.env)');
      expect(each).toContain(
        'Have initial-cluster, initial-cluster-state and initial-cluster-token in one place: one EnvironmentFile, the unit’s ExecStart, or one --config-file.',
      );
    }
  });
});

interface Hindrance {
  readonly name: string;
  /** Lays the host out like that, and back. */
  readonly make: string;
  readonly undo: string;
  readonly says: string;
}

const three = 'ETCD_INITIAL_CLUSTER(_STATE|_TOKEN)?=';
const unit = '/usr/lib/systemd/system/etcd.service';
const keep = (path: string) => `cp -a ${path} /root/kept`;
const back = (path: string) => `mv /root/kept ${path}; systemctl daemon-reload`;

const hindrances: readonly Hindrance[] = [
  {
    name: 'a directory above the data that everybody may write in',
    make: 'chmod 0777 /data/etcd',
    undo: 'chmod 0755 /data/etcd',
    says: 'everybody may write in /data/etcd: nothing is done there in the name of root or of etcd',
  },
  {
    name: 'a directory above the data that another user owns',
    make: 'chown nobody /data/etcd',
    undo: 'chown etcd /data/etcd',
    says: '/data/etcd belongs to the user with number 65534: nothing is done there in the name of root or of etcd',
  },
  {
    name: 'a wal-dir that is itself a mount point',
    make: `mkdir -p /walmnt; mount -t tmpfs -o mode=0700,uid=$(id -u etcd) wal /walmnt; ${keep('/etc/default/etcd')}; echo ETCD_WAL_DIR=/walmnt >> /etc/default/etcd`,
    undo: `umount /walmnt; rmdir /walmnt; ${back('/etc/default/etcd')}`,
    says: '/walmnt is itself a mount point: make the wal-dir a directory inside of that file system',
  },
  {
    name: 'a wal-dir in a directory that etcd may not write in',
    make: `mkdir -p /rootwal; install -d -o etcd -m 0700 /rootwal/etcd; ${keep('/etc/default/etcd')}; echo ETCD_WAL_DIR=/rootwal/etcd >> /etc/default/etcd`,
    undo: `rm -r /rootwal; ${back('/etc/default/etcd')}`,
    says: 'etcd makes its WAL by a rename in /rootwal and may not write there: chown etcd /rootwal',
  },
  {
    name: "settings in a package's own unit file",
    make: `${keep(unit)}; grep -E '^${three}' /etc/default/etcd | sed 's/^/Environment=/' > /root/three; sed -i '/^\\[Service\\]/r /root/three' ${unit}; sed -Ei 's/^${three}/#&/' /etc/default/etcd; systemctl daemon-reload`,
    undo: `${back(unit)}; sed -Ei 's/^#(${three})/\\1/' /etc/default/etcd; rm /root/three`,
    says: `they stand in ${unit}, which belongs to a package and would be overwritten by its next version`,
  },
];

describe('a site that cannot work', { tags: ['long'] }, () => {
  let lab: Lab;
  let crew: Crew;
  let undo = '';
  beforeAll(async () => {
    lab = await createLab({ name: 's-refused', etcd: '3.5', members: 1 });
    crew = await createCrew(lab);
    await lab.etcdctl(['put', '/name/1', 'saved']);
    expectCompleted(await crew.carryOut(backup));
  });
  afterEach(async () => {
    await lab.host('etcd01').exec(['sh', '-euc', undo]);
  });
  afterAll(async () => {
    await crew?.close();
    await lab?.down();
  });

  it.each(hindrances)('is refused a restore for $name, and the kit says it too', async (hindrance) => {
    undo = hindrance.undo;
    await lab.host('etcd01').exec(['sh', '-euc', hindrance.make]);

    const kit = await kitOn(lab).kit();
    const said = await refusedBy(lab, crew, restore, { 'while-healthy': true });

    expect(kit).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(hindrance.says) as string });
    expect(kit.stdout).toContain('no restore and no replacement here as it is');
    expect(said).toContain(hindrance.says);
  });
});
