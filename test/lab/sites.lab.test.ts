/** Every site: that it comes up as it is written down, is put back by a reset, and leaves nothing. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { createLab } from './lab.ts';
import type { EtcdPlace, EtcdVersion, Lab, LabHost, SiteName } from './lab.ts';
import { siteNames } from './sites/index.ts';
import { noTraces, tracesOf } from './traces.ts';

interface Expected {
  readonly etcd?: EtcdVersion;
  /** Asked on the first member, as root. */
  readonly ask: string;
  readonly answer: RegExp;
}

const running = 'ps -o user=,args= -C etcd';

/** What makes each site what it is. */
const sites: Readonly<Record<Exclude<SiteName, 'plain'>, Expected>> = {
  debian: { ask: 'tr "\\0" "\\n" < /proc/$(pgrep -x etcd)/environ', answer: /^ETCD_DATA_DIR=\/var\/lib\/etcd\/default$/m },
  kubespray: { etcd: '3.4', ask: running, answer: /^root +\/usr\/local\/bin\/etcd$/ },
  yaml: { etcd: '3.4', ask: running, answer: /^etcd +\/usr\/bin\/etcd --config-file=\/etc\/etcd\/etcd.conf.yml$/ },
  flags: { ask: running, answer: /--initial-cluster-state=new/ },
  split: { ask: 'grep -l INITIAL_CLUSTER= /etc/default/etcd /etc/etcd/*.env; systemctl cat etcd', answer: /^\/etc\/etcd\/cluster.env\n#/ },
  'split-bad': { ask: 'grep -l INITIAL_CLUSTER_STATE /etc/default/etcd /etc/etcd/*.env', answer: /^\/etc\/default\/etcd$/ },
  rhel: { ask: 'systemctl show --property=ExecStart etcd', answer: /path=\/bin\/bash ; argv\[\]=\/bin\/bash -c GOMAXPROCS=/ },
  'rhel-flags': { etcd: '3.4', ask: running, answer: /--name=etcd01 --data-dir=\/var\/lib\/etcd\/default.etcd$/ },
  'other-unit': { ask: 'systemctl is-active etcd-main; systemctl cat etcd || echo none', answer: /^active\nnone$/ },
  'wal-apart': { ask: 'findmnt -no TARGET -T /wal/etcd; ls /wal/etcd', answer: /^\/wal\n(\S+\n)*\S+\.wal$/ },
  mount: { ask: 'findmnt -no TARGET -T /srv/etcd; ls /srv/etcd', answer: /^\/srv\/etcd\nlost\+found\nmember$/ },
  names: { ask: 'grep INITIAL_CLUSTER= /etc/default/etcd', answer: /etcd02=https:\/\/etcd02.etcd.example:2380/ },
  ipv6: { ask: 'ip -4 -o address show dev host0; ss -ltnH sport = 2380', answer: /^LISTEN +\d+ +\d+ +\[2001:db8:[^\n]+$/ },
  ports: { etcd: '3.4', ask: 'ss -ltnH sport = 12379; ss -ltnH sport = 2379', answer: /^(.+:12379 [^\n]+\n?){2}$/ },
  two: { ask: 'systemctl is-active etcd etcd-events; pgrep -xc etcd', answer: /^active\nactive\n2$/ },
  'root-ssh': { ask: 'command -v sudo; getent passwd root', answer: /^root:/ },
  'old-sudo': { ask: 'sudo -V; python3 -V', answer: /^Sudo version 1.9.5[^]*Python 3.9/ },
  bastion: { ask: 'nft list ruleset', answer: /tcp dport 22 ip saddr != \S+ drop/ },
};

/** What an ordinary run has time for: where most differs. */
const ordinary: readonly SiteName[] = ['kubespray', 'mount', 'two'];

/** Logs in as the bot does, and asks nothing. */
async function ssh({ ssh: { user, identityFile, knownHostsFile, proxyJump } }: Lab, { address }: LabHost) {
  const known = [
    '-F',
    'none',
    '-i',
    identityFile,
    ...[
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'ConnectTimeout=5',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${knownHostsFile}`,
    ].flatMap((option) => ['-o', option]),
  ];
  // ProxyJump would take neither key nor known hosts along (ssh_config(5)).
  const jump = (proxyJump ?? []).flatMap((hop) => ['-o', `ProxyCommand=ssh ${known.join(' ')} -W [%h]:%p ${hop.user}@${hop.host}`]);
  return await execa('ssh', [...known, ...jump, '-l', user, address], { reject: false, timeout: 20_000, input: '' });
}

/** Every file below /etc, with what is in it. */
const etc = async (host: LabHost) =>
  (await host.exec(['sh', '-c', 'cd /etc; find . -type f -exec sha256sum {} + -o -type l -printf "%p %l\\n" | sort'])).stdout;

/** As a run that was cut leaves a host, and a person who helped it. */
async function dirty(lab: Lab, host: LabHost, { unit, unitPath, dataDir, walDir }: EtcdPlace): Promise<void> {
  await host.fault('lose-data', unit);
  const mask = unitPath.startsWith('/etc')
    ? `mv ${unitPath} ${unitPath}.masked-by-etcd-medic; ln -s /dev/null ${unitPath}`
    : `systemctl mask ${unit}`;
  const spoil = `for file in /etc/default/etcd /etc/etcd.env /etc/etcd/*.* /etc/etcd-events.env; do [ ! -f $file ] || { cp $file $file.before-run; echo ETCD_NAME=other >> $file; }; done`;
  const beside = [dataDir, ...(walDir === undefined ? [] : [walDir])]
    .map((dir) => `mkdir -p ${dir} ${dir}.run.old; touch ${dir}/stray`)
    .join('; ');
  await host.exec(['sh', '-euc', `${spoil}; ${mask}; systemctl daemon-reload; ${beside}`]);
  await lab.host('etcd02').fault('power-off');
}

describe.each(Object.entries(sites))('the site %s', (name, { etcd = '3.5', ask, answer }) => {
  const site = name as SiteName;
  const options = { timeout: 300_000, ...(ordinary.includes(site) ? {} : { tags: ['long'] }) };

  it('comes up, is put back by a reset, and leaves nothing when it goes down', options, async () => {
    const lab = await createLab({ name: `site-${site}`, etcd, members: 3, site });
    try {
      const first = lab.host('etcd01');
      for (const { unit } of lab.site.etcds) {
        await lab.etcdctl(['put', 'unit', unit], { unit });
        expect((await lab.etcdctl(['get', 'unit', '--print-value-only'], { unit })).stdout).toBe(unit);
      }
      expect((await first.exec(['sh', '-c', ask], { reject: false })).stdout).toMatch(answer);
      expect((await ssh(lab, first)).stdout).toMatch(/"hello": ?"etcd-medic-host".*"host": ?"etcd01"/);
      expect((await first.exec(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
      const before = await etc(first);

      for (const place of lab.site.etcds) await dirty(lab, first, place);
      await lab.resetCluster();

      expect(await etc(first)).toBe(before);
      for (const { unit, dataDir } of lab.site.etcds) {
        expect((await lab.etcdctl(['get', '', '--prefix'], { unit })).stdout).toBe('');
        expect((await first.exec(['sh', '-c', `ls -d ${dataDir}*; ls ${dataDir}`])).stdout).not.toMatch(/run\.old|stray/);
      }
      expect((await first.exec(['sh', '-c', ask], { reject: false })).stdout).toMatch(answer);
    } finally {
      await lab.down();
    }
    expect(await tracesOf(lab.name, lab.range)).toEqual(noTraces);
  });
});

describe('the sites', () => {
  it('are all tried', () => {
    expect(['plain', ...Object.keys(sites)].toSorted()).toEqual([...siteNames].toSorted());
  });
});
