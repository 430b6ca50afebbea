/** What can go wrong with a host, done to it on purpose, and undone. */
import { randomBytes } from 'node:crypto';
import { mountHolding } from './disks.ts';
import { installDoor, sudoersPath } from './door.ts';
import { execIn } from './exec.ts';
import { cutNetwork, restoreNetwork } from './network.ts';
import { powerOff, powerOn, sshAnswers } from './power.ts';
import type { EtcdPlace } from './site.ts';
import type { HostState, LabState } from './state.ts';
import { waitUntil } from './wait.ts';

type Act = (lab: LabState, host: HostState, etcd: EtcdPlace) => Promise<void>;

const filler = '.lab-filler';
const launcher = '/usr/local/sbin/etcd-medic-host';

const sh =
  (script: string | ((etcd: EtcdPlace) => string)): Act =>
  async (lab, host, etcd) => {
    await execIn(lab, host, ['sh', '-euc', typeof script === 'string' ? script : script(etcd)]);
  };

/** The small file system that the data-dir is in: the disk is the machine's own otherwise. */
function smallDisk(lab: LabState, { dataDir }: EtcdPlace): string {
  const mount = mountHolding(lab, dataDir);
  if (mount === undefined)
    throw new Error('fill-disk needs a lab made with dataDirSizeMiB: without it the disk is the one of this machine');
  return mount.path;
}

/** Fills the data-dir's file system to the last byte. */
const fillDisk: Act = async (lab, host, etcd) => {
  const disk = smallDisk(lab, etcd);
  // dd ends with "no space left": that is what it is for.
  await execIn(lab, host, ['dd', 'if=/dev/zero', `of=${disk}/${filler}`, 'bs=64K'], { reject: false });
  const { stdout } = await execIn(lab, host, ['df', '--output=avail', '-k', disk]);
  if (Number(stdout.split('\n')[1]) > 0) throw new Error(`${host.name} still has free space: ${stdout}`);
};

const freeDisk: Act = async (lab, host, etcd) => {
  await execIn(lab, host, ['rm', '-f', `${smallDisk(lab, etcd)}/${filler}`]);
};

/** Stops etcd and removes what it has: the content alone where something is mounted on its directory. */
const loseData = sh(({ unit, dataDir, walDir }) =>
  [
    `systemctl stop ${unit}`,
    ...[dataDir, ...(walDir === undefined ? [] : [walDir])].map(
      (dir) =>
        `if mountpoint -q ${dir}; then find ${dir} -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +; else rm -rf ${dir}; fi`,
    ),
  ].join('\n'),
);

/** Stops etcd and overwrites both meta pages of its database: etcd does not start on it. */
const corruptData: Act = async (lab, host, { unit, dataDir }) => {
  await execIn(lab, host, ['systemctl', 'stop', unit]);
  await corruptFile(lab, host, { path: `${dataDir}/member/snap/db`, offsetBytes: 0, lengthBytes: 8_192 });
};

const refuseSsh: Act = async (lab, host) => {
  await execIn(lab, host, ['systemctl', 'stop', 'ssh']);
  await waitUntil(async () => !(await sshAnswers(lab, host)), { for: `sshd of ${host.name} refusing`, withinMs: 10_000 });
};

const answerSsh: Act = async (lab, host) => {
  await execIn(lab, host, ['sh', '-c', 'pkill -CONT -x sshd; systemctl start ssh']);
  await waitUntil(async () => await sshAnswers(lab, host), { for: `sshd of ${host.name} answering`, withinMs: 10_000 });
};

/** Each by the name it has on the command line. */
export const faults = {
  'power-off': powerOff,
  'power-on': powerOn,
  'cut-network': async (_lab, host) => await cutNetwork(host),
  'restore-network': restoreNetwork,
  'fill-disk': fillDisk,
  'free-disk': freeDisk,
  // The unit has Restart=on-abnormal, so systemd starts it again, as on a real host.
  'kill-etcd': sh(({ unit }) => `systemctl kill --signal=KILL ${unit}`),
  'stop-etcd': sh(({ unit }) => `systemctl stop ${unit}`),
  // Without waiting: a member is ready only when the others are there too.
  'start-etcd': sh(({ unit }) => `systemctl start --no-block ${unit}`),
  'lose-data': loseData,
  'corrupt-data': corruptData,
  'refuse-ssh': refuseSsh,
  // The kernel still takes the connection, but nobody speaks: an ssh without a time limit waits for ever.
  'hang-ssh': sh('pkill -STOP -x sshd'),
  'answer-ssh': answerSsh,
  'refuse-sudo': sh(`rm -f ${sudoersPath}`),
  // As on a host where somebody gave the user everything, but with a password.
  'ask-sudo': sh(`umask 0227; rm -f ${sudoersPath}; echo 'etcdops ALL=(ALL:ALL) PASSWD: ALL' > ${sudoersPath}`),
  'allow-sudo': installDoor,
  // All hosts have the machine's own clock, so what is wrong here is only what `date` and the program of the bot are told.
  'clock-off': sh(
    `test -e /bin/date.real || mv /bin/date /bin/date.real; printf '#!/bin/sh\nexec /bin/date.real -d "now + 90 minutes" "$@"\n' > /bin/date; chmod 755 /bin/date
     test -e ${launcher}.real || cp -p ${launcher} ${launcher}.real; sed 's/^import sys$/import sys, time; right = time.time; time.time = lambda: right() + 5400/' ${launcher}.real > ${launcher}`,
  ),
  'clock-right': sh(
    `test ! -e /bin/date.real || mv /bin/date.real /bin/date; test ! -e ${launcher}.real || mv ${launcher}.real ${launcher}`,
  ),
} as const satisfies Readonly<Record<string, Act>>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

export interface Corruption {
  readonly path: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Overwrites a part of a file with random bytes, in place. */
export async function corruptFile(lab: LabState, host: HostState, { path, offsetBytes, lengthBytes }: Corruption): Promise<void> {
  await execIn(lab, host, ['dd', `of=${path}`, 'bs=1', `seek=${offsetBytes}`, 'conv=notrunc,nocreat,fsync', 'status=none'], {
    input: randomBytes(lengthBytes),
  });
}
