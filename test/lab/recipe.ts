/** What an image holds: everything here is part of the image's name, so a change makes a new image. */
import { createHash } from 'node:crypto';

/** The Debian release that ships each etcd. */
export const releases = { '3.4': 'bookworm', '3.5': 'trixie' } as const;
export type EtcdVersion = keyof typeof releases;
/** Those, and an old one whose own etcd is too old: it gets the programs of another image. */
export type Release = (typeof releases)[EtcdVersion] | 'bullseye';

const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'iproute2',
  'procps',
  'etcd-server',
  'etcd-client',
  'zstd',
  'python3',
  'nftables',
  'ca-certificates',
];

/** Units that have no work in a host that lives for minutes: each costs time at boot or wakes up in the middle of a test. */
const maskedUnits = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'systemd-tmpfiles-clean.timer',
  'getty.target',
  'console-getty.service',
  'systemd-logind.service',
  'systemd-pstore.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-journal-catalog-update.service',
  'systemd-update-done.service',
  'ldconfig.service',
  'sshd-keygen.service',
  'ssh.socket',
  'dev-hugepages.mount',
  'sys-fs-fuse-connections.mount',
];

const files: Readonly<Record<string, string>> = {
  // Debian's sshd looks host names up only when told to, but a host without a resolver must not depend on a default.
  '/etc/ssh/sshd_config.d/lab.conf': [
    'UseDNS no',
    'PasswordAuthentication no',
    'PermitRootLogin no',
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    '',
  ].join('\n'),
  '/etc/motd': '',
};

/** Runs in the image as root, after debootstrap. */
const script = `set -eu
install -d -o etcd -g etcd -m 0755 /data/etcd
install -d -m 0755 /etc/etcd
install -d -o etcd -g etcd -m 0750 /etc/etcd/pki
rm -rf /var/lib/etcd/default
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id
: > /etc/machine-id
for unit in ${maskedUnits.join(' ')}; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/*
touch /etc/.updated /var/.updated
`;

/** Where the C library lies that borrowed programs were linked with. */
const borrowedLibraries = '/usr/lib/etcd';

/** Runs after `script` in an image with borrowed programs: they want a newer C library than the release has, so they get their own. */
const borrowScript = `set -eu
mkdir -p ${borrowedLibraries}
mv /borrowed/lib/* ${borrowedLibraries}/
for program in /borrowed/bin/*; do
  patchelf --set-interpreter "$(echo ${borrowedLibraries}/ld-linux-*)" --set-rpath ${borrowedLibraries} "$program"
  "$program" --version 2>/dev/null || ETCDCTL_API=3 "$program" version
  mv "$program" /usr/bin/
done
rm -r /borrowed
`;

const borrowed = { packages: ['patchelf'], script: borrowScript } as const;

export interface Recipe {
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly script: string;
}

/** Whether the etcd of an image comes from another image. */
export function borrows(release: Release): boolean {
  return release === 'bullseye';
}

export function recipeOf(release: Release): Recipe {
  if (!borrows(release)) return { packages, files, script };
  return { packages: [...packages, ...borrowed.packages], files, script: `${script}${borrowed.script}` };
}

/** Names an image: `bookworm-<hash of the recipe>`, with the version of etcd where that is not the release's own. */
export function imageName(release: Release, etcd: EtcdVersion): string {
  const hash = createHash('sha256')
    .update(JSON.stringify({ release, ...recipeOf(release) }))
    .digest('hex')
    .slice(0, 12);
  return `${release}${borrows(release) ? `-etcd${etcd}` : ''}-${hash}`;
}
