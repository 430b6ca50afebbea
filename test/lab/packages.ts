/** The Debian packages the lab needs on this machine, and how they get there. */
import { run, say } from './run.ts';

/** Each package with a program that proves it is there. */
export const packages = {
  debootstrap: '/usr/sbin/debootstrap',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  'systemd-container': '/usr/bin/systemd-nspawn',
  iproute2: '/usr/bin/ip',
  'util-linux': '/usr/bin/nsenter',
  'openssh-client': '/usr/bin/ssh-keygen',
  openssl: '/usr/bin/openssl',
  // For slow links, where the kernel has no netem.
  python3: '/usr/bin/python3',
} as const;

/** Installs the missing ones with apt-get, as root or through `sudo -n`, and says so. */
export async function ensurePackages(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;

  const asRoot: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  say(`installing with apt-get: ${missing.join(' ')}`);
  const install = async () =>
    await run(
      [
        ...asRoot,
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        'install',
        '--yes',
        '--no-install-recommends',
        ...missing,
      ] as unknown as [string],
      { reject: false, timeoutMs: 600_000 },
    );

  // The package lists may be missing or out of date, which only shows when the install is tried.
  if ((await install()).exitCode === 0) return;
  say('apt-get update');
  await run([...asRoot, 'apt-get', 'update'] as unknown as [string], { timeoutMs: 600_000 });
  const second = await install();
  if (second.exitCode !== 0) throw new Error(`apt-get install ${missing.join(' ')} failed:\n${second.stderr}`);
}

async function missingPackages(): Promise<string[]> {
  const { stdout } = await run(['dpkg-query', '--show', '--showformat', '${Package} ${db:Status-Status}\n', ...Object.keys(packages)], {
    reject: false,
  });
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return Object.keys(packages).filter((name) => !installed.has(name));
}
