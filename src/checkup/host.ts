/** Everything that is asked of one host, put together: for doctor all of it, for a procedure what it will need. */
import type { ClusterLook } from '../etcd/etcd.ts';
import type { Purpose } from '../host/host.ts';
import type { HostSight } from '../host/sight.ts';
import { certificateChecks } from './certificates.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { clockRemark } from './clocks.ts';
import { listAgrees, settingsAgree } from './identity.ts';
import type { Place } from './place.ts';
import { portChecks } from './ports.ts';
import type { PortsSeen } from './ports.ts';
import { allowanceCheck, changeableCheck, movableCheck, purposeChecks, settingsCheck } from './purposes.ts';
import { roomCheck } from './room.ts';
import { toolChecks, versionCheck } from './tools.ts';

/** What was seen of a host. */
export interface HostSeen {
  readonly sight: HostSight;
  readonly ports: PortsSeen;
}

/**
 * What must hold before a run moves data on this host. Of the cluster only what is known counts: without a quorum, with members that are dead,
 * or with this very etcd down there is nothing to compare with, and a restore must be possible all the same.
 * @param neededBytes free room beside the data
 */
export function readyToMoveData(
  place: Place,
  { sight, ports }: HostSeen,
  {
    purposes,
    neededBytes,
    look,
    now,
  }: { readonly purposes: readonly Purpose[]; readonly neededBytes: number; readonly look: ClusterLook | undefined; readonly now: Date },
): readonly Check[] {
  const { name } = place;
  return [
    ...purposeChecks(name, sight, purposes),
    strangersCheck(name, sight),
    ...toolChecks(name, sight),
    ...(sight.serverVersion === undefined ? [] : [knownVersion(name, sight.serverVersion)]),
    roomCheck(name, sight, neededBytes),
    ...settingsAgree(place, sight),
    ...(look === undefined ? [] : listAgrees(place, look).filter(({ grade }) => grade === 'wrong')),
    ...portChecks(place, ports, sight.unit),
    ...certificateChecks(sight.certificates, place, now, sight.certificatesProblem),
    clockCheck(name, sight),
  ];
}

/** That 3.4 gets no more fixes is for doctor and `status` to say, not for every run. */
function knownVersion(about: string, version: string): Check {
  const check = versionCheck(about, version);
  return check.grade === 'wrong' ? check : saying(about).good(check.id, check.sentence);
}

/**
 * What must hold before etcd is started there: the owner's leave, and that the unit starts it on the data that was looked at. A second etcd, a
 * dropped port, missing tools are in the way of no start: it moves nothing, and it is what an outage needs.
 */
export function readyToStart(about: string, sight: HostSight): readonly Check[] {
  return [...readyToStop(about, sight), settingsCheck(about, sight)];
}

/** What must hold before etcd is stopped there. */
export function readyToStop(about: string, sight: HostSight): readonly Check[] {
  return purposeChecks(about, sight, ['stop-and-start']);
}

/** Everything. @param neededBytes undefined when nobody knows how large the database is */
export function hostChecks(
  place: Place,
  { sight, ports }: HostSeen,
  {
    programSha256,
    neededBytes,
    look,
    now,
  }: { readonly programSha256: string; readonly neededBytes: number | undefined; readonly look: ClusterLook; readonly now: Date },
): readonly Check[] {
  const { name } = place;
  const { good, notLookedAt } = saying(name);
  return [
    good('ssh', `${place.host} answers, with the host key that is known, and the key opens etcd-medic-host.`),
    programCheck(name, sight, programSha256),
    allowanceCheck(name, sight),
    unitCheck(name, sight),
    changeableCheck(name, sight),
    movableCheck(name, sight),
    strangersCheck(name, sight),
    ...toolChecks(name, sight),
    neededBytes === undefined
      ? notLookedAt('room', 'No member says how large the database is, so it is not known what a restore needs.')
      : roomCheck(name, sight, neededBytes, 'a restore'),
    ...settingsAgree(place, sight),
    ...listAgrees(place, look),
    ...portChecks(place, ports, sight.unit),
    ...certificateChecks(sight.certificates, place, now, sight.certificatesProblem),
    clockCheck(name, sight),
  ];
}

function programCheck(about: string, { programSha256: there }: HostSight, own: string): Check {
  const { good, worthALook } = saying(about);
  return there === own
    ? good('program', `Its program is the bot's own (${own.slice(0, 12)}).`)
    : worthALook(
        'program',
        `Its program is ${there.slice(0, 12)}, and the bot's own kit has ${own.slice(0, 12)}.`,
        'Run the kit on the host again as root: `etcd-medic kit <cluster>`.',
      );
}

function unitCheck(about: string, { unit, dataDir }: HostSight): Check {
  const { good, wrong, worthALook } = saying(about);
  const data = !dataDir.exists
    ? `${dataDir.path} is missing`
    : dataDir.empty
      ? `${dataDir.path} is empty`
      : `its data is in ${dataDir.path}`;
  const state = `etcd is ${unit.activeState}${unit.masked ? ' and masked' : ''}; ${data}.`;
  if (unit.mainPid > 0 && dataDir.exists && !dataDir.empty)
    return unit.masked ? worthALook('unit', state, 'Unmask it, or it does not start at boot.') : good('unit', state);
  return wrong('unit', state, '`status` says what to do next.');
}

/** Programs called etcd of no entry: whoever sees one running cannot say that etcd is stopped. */
export function strangersCheck(about: string, { strangers }: Pick<HostSight, 'strangers'>): Check {
  const { good, wrong } = saying(about);
  if (strangers.length === 0) return good('other etcds', 'No etcd runs there that host.json does not know.');
  return wrong(
    'other etcds',
    `An etcd runs there that is of no entry of host.json (pid ${strangers.join(', ')}).`,
    'Stop it, or run the kit for its unit too: then it is known and left alone.',
    'FENCE_FAILED',
  );
}

function clockCheck(about: string, { clockOffsetMs }: HostSight): Check {
  const { good, worthALook } = saying(about);
  const remark = clockRemark(clockOffsetMs);
  return remark.holds
    ? good('clock', 'Its clock is that of the bot.')
    : worthALook('clock', remark.because, 'Set it right: `timedatectl`, `chronyc tracking`.');
}
