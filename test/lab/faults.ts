/** What can go wrong with a host, done to it on purpose, and undone. */
import { randomBytes } from 'node:crypto';
import { execIn } from './exec.ts';
import { dataDir } from './host-files.ts';
import { installDoor, sudoersPath } from './door.ts';
import { cutNetwork, restoreNetwork } from './network.ts';
import { powerOff, powerOn, sshAnswers } from './power.ts';
import type { HostState, LabState } from './state.ts';
import { waitUntil } from './wait.ts';

type Act = (lab: LabState, host: HostState) => Promise<void>;

const filler = '/data/etcd/.lab-filler';

const sh =
  (script: string): Act =>
  async (lab, host) => {
    await execIn(lab, host, ['sh', '-euc', script]);
  };

/** Fills the data-dir's file system to the last byte; its disk being the machine's own otherwise, only on a lab made with `dataDirSizeMiB`. */
const fillDisk: Act = async (lab, host) => {
  if (lab.dataDirSizeMiB === undefined)
    throw new Error('fill-disk needs a lab made with dataDirSizeMiB: without it the disk is the one of this machine');
  // dd ends with "no space left": that is what it is for.
  await execIn(lab, host, ['dd', 'if=/dev/zero', `of=${filler}`, 'bs=64K'], { reject: false });
  const { stdout } = await execIn(lab, host, ['df', '--output=avail', '-k', '/data/etcd']);
  if (Number(stdout.split('\n')[1]) > 0) throw new Error(`${host.name} still has free space: ${stdout}`);
};

/** Stops etcd and overwrites both meta pages of its database: etcd does not start on it. */
const corruptData: Act = async (lab, host) => {
  await execIn(lab, host, ['systemctl', 'stop', 'etcd']);
  await corruptFile(lab, host, { path: `${dataDir}/member/snap/db`, offsetBytes: 0, lengthBytes: 8_192 });
};

const refuseSsh: Act = async (lab, host) => {
  await execIn(lab, host, ['systemctl', 'stop', 'ssh']);
  await waitUntil(async () => !(await sshAnswers(host)), { for: `sshd of ${host.name} refusing`, withinMs: 10_000 });
};

const answerSsh: Act = async (lab, host) => {
  await execIn(lab, host, ['sh', '-c', 'pkill -CONT -x sshd; systemctl start ssh']);
  await waitUntil(async () => await sshAnswers(host), { for: `sshd of ${host.name} answering`, withinMs: 10_000 });
};

/** Each by the name it has on the command line. */
export const faults = {
  'power-off': powerOff,
  'power-on': powerOn,
  'cut-network': async (_lab, host) => await cutNetwork(host),
  'restore-network': restoreNetwork,
  'fill-disk': fillDisk,
  'free-disk': sh(`rm -f ${filler}`),
  // The unit has Restart=on-abnormal, so systemd starts it again, as on a real host.
  'kill-etcd': sh('systemctl kill --signal=KILL etcd'),
  'stop-etcd': sh('systemctl stop etcd'),
  // Without waiting: a member is ready only when the others are there too.
  'start-etcd': sh('systemctl start --no-block etcd'),
  'lose-data': sh(`systemctl stop etcd; rm -rf ${dataDir}`),
  'corrupt-data': corruptData,
  'refuse-ssh': refuseSsh,
  // The kernel still takes the connection, but nobody speaks: an ssh without a time limit waits for ever.
  'hang-ssh': sh('pkill -STOP -x sshd'),
  'answer-ssh': answerSsh,
  'refuse-sudo': sh(`rm -f ${sudoersPath}`),
  // As on a host where somebody gave the user everything, but with a password.
  'ask-sudo': sh(`umask 0227; rm -f ${sudoersPath}; echo 'etcdops ALL=(ALL:ALL) PASSWD: ALL' > ${sudoersPath}`),
  'allow-sudo': installDoor,
  // All hosts have the machine's own clock, so what is wrong here is only what `date` says.
  'clock-off': sh(
    'test -e /bin/date.real || mv /bin/date /bin/date.real; printf \'#!/bin/sh\\nexec /bin/date.real -d "now + 90 minutes" "$@"\\n\' > /bin/date; chmod 755 /bin/date',
  ),
  'clock-right': sh('test ! -e /bin/date.real || mv /bin/date.real /bin/date'),
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
