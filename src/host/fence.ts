/** Proof that etcd on a host is stopped and cannot come back. */
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { accepting, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import * as limits from './limits.ts';
import type { lookAtPort, PortLook } from './ports.ts';
import type { Answer, Shell } from './shell.ts';
import { isDown, parseUnit, unitLooks } from './unit.ts';
import type { UnitReading } from './unit.ts';

export interface FenceDeps {
  readonly shell: Shell;
  readonly unit: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly probe: typeof lookAtPort;
}

/** Processes of that name. As root, because with /proc mounted hidepid others see nothing, which would look like proof. */
export const processLook = accepting(lookAsRoot('pgrep', '-x', 'etcd'), 0, 1);

/** What was seen at once: whether etcd is fenced, the unit, and what else was asked in the same session. */
export interface FenceLook {
  readonly finding: Finding;
  readonly reading: UnitReading;
  readonly answers: readonly Answer[];
}

/** All of: unit down, masked for good, no process of that name, both ports refuse. @throws OpsError HOST_* when the host cannot be asked */
export async function fenced(deps: FenceDeps): Promise<Finding> {
  return (await lookFenced(deps, [])).finding;
}

/** The same, and more looks in the same session: what is done next rests on both. @throws OpsError HOST_* */
export async function lookFenced({ shell, unit, clientUrl, peerUrl, probe }: FenceDeps, more: readonly HostCommand[]): Promise<FenceLook> {
  const [answers, ...ports] = await Promise.all([
    shell.session([...unitLooks(unit), processLook, ...more]).then((session) => session.answers),
    portReasons('client', clientUrl, probe),
    portReasons('peer', peerUrl, probe),
  ]);
  const [show, files, processes, ...others] = answers as [Answer, Answer, Answer, ...Answer[]];
  const reading = parseUnit(shell.where, unit, show, files);
  const reasons = [...unitReasons(unit, reading), ...processReasons(processes.stdout), ...ports.flat()];
  const finding = reasons.length === 0 ? holds() : fails(`${shell.where} is not fenced: ${reasons.join('; ')}.`);
  return { finding, reading, answers: others };
}

function unitReasons(unit: string, reading: UnitReading): readonly string[] {
  const up = isDown(reading) ? [] : [`${unit} is ${reading.activeState}`];
  const mask = reading.masked
    ? []
    : [`${unit} is not masked${reading.maskedOnDisk ? ' until systemd is reloaded' : ''}, so something may start it`];
  return [...up, ...mask];
}

function processReasons(pids: string): readonly string[] {
  const list = pids.split('\n').filter(Boolean);
  return list.length === 0 ? [] : [`an etcd process runs (pid ${list.join(', ')})`];
}

const unproven: Readonly<Record<Exclude<PortLook, 'refused'>, string>> = {
  open: 'is open',
  'no-answer': 'gives no answer from here, which is no proof that it is closed (a firewall may drop what is sent)',
  unreachable: 'cannot be reached from here, which is no proof that it is closed',
};

async function portReasons(which: 'client' | 'peer', url: string, probe: FenceDeps['probe']): Promise<readonly string[]> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  const seen = await probe(hostname.replace(/^\[(.*)\]$/, '$1'), number, limits.portProbeTimeoutMs);
  return seen === 'refused' ? [] : [`the ${which} port ${number} ${unproven[seen]}`];
}
