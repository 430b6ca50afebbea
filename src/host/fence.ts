/** Proof that etcd on a host is stopped and cannot come back: by the host's own look, and by its ports as seen from here. */
import { hostOf, portOf } from '../checkup/place.ts';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import * as limits from './limits.ts';
import type { Look } from './look.ts';
import type { lookAtPort, PortLook } from './ports.ts';

export interface FenceDeps {
  readonly where: string;
  /** For sentences. */
  readonly unit: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly probe: typeof lookAtPort;
  readonly look: () => Promise<Pick<Look, 'state' | 'processes'>>;
}

/** That nothing answers on either port. The rest of the proof the program on the host asks itself, under its lock, before it moves data. */
export async function silent({ where, clientUrl, peerUrl, probe }: Omit<FenceDeps, 'look' | 'unit'>): Promise<Finding> {
  const ports = await Promise.all([portReasons('client', clientUrl, probe), portReasons('peer', peerUrl, probe)]);
  return findingOf(where, ports.flat());
}

/** All of: unit down, masked for good, no process of this etcd, both ports refuse. @throws OpsError HOST_* when the host cannot be asked */
export async function fenced({ where, unit, clientUrl, peerUrl, probe, look }: FenceDeps): Promise<Finding> {
  const [{ state, processes }, ...ports] = await Promise.all([
    look(),
    portReasons('client', clientUrl, probe),
    portReasons('peer', peerUrl, probe),
  ]);
  const reasons = [...unitReasons(unit, state), ...processReasons(processes), ...ports.flat()];
  return findingOf(where, reasons);
}

function findingOf(where: string, reasons: readonly string[]): Finding {
  return reasons.length === 0 ? holds() : fails(`${where} is not fenced: ${reasons.join('; ')}.`);
}

function unitReasons(unit: string, { active, main_pid: mainPid, masked, masked_on_disk: onDisk }: Look['state']): readonly string[] {
  const isDown = (active === 'inactive' || active === 'failed') && mainPid === 0;
  const up = isDown ? [] : [`${unit} is ${active}`];
  // A mask of one of the two kinds alone is undone by a reload or a reboot.
  const mask = masked && onDisk ? [] : [`${unit} is not masked${onDisk ? ' until systemd is reloaded' : ''}, so something may start it`];
  return [...up, ...mask];
}

function processReasons(pids: readonly number[]): readonly string[] {
  return pids.length === 0 ? [] : [`an etcd process runs (pid ${pids.join(', ')})`];
}

const unproven: Readonly<Record<Exclude<PortLook, 'refused'>, string>> = {
  open: 'is open',
  'no-answer': 'gives no answer from here, which is no proof that it is closed (a firewall may drop what is sent)',
  unreachable: 'cannot be reached from here, which is no proof that it is closed',
};

async function portReasons(which: 'client' | 'peer', url: string, probe: FenceDeps['probe']): Promise<readonly string[]> {
  const seen = await lookAtUrl(url, probe);
  return seen === 'refused' ? [] : [`the ${which} port ${portOf(url)} ${unproven[seen]}`];
}

/** Both ports, as they look from here. */
export async function portsSeen({
  clientUrl,
  peerUrl,
  probe,
}: Pick<FenceDeps, 'clientUrl' | 'peerUrl' | 'probe'>): Promise<{ readonly client: PortLook; readonly peer: PortLook }> {
  const [client, peer] = await Promise.all([lookAtUrl(clientUrl, probe), lookAtUrl(peerUrl, probe)]);
  return { client, peer };
}

async function lookAtUrl(url: string, probe: FenceDeps['probe']): Promise<PortLook> {
  return await probe(hostOf(url), portOf(url), limits.portProbeTimeoutMs);
}
