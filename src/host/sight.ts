/** All that one look shows of a host, judged by nobody: what it means is said in src/checkup, for doctor and for procedures alike. */
import { isOpsError } from '../errors.ts';
import { certificateFacts } from './certificates.ts';
import { clockOffset } from './clock-offset.ts';
import type { CertificateFacts, DirFacts, HostFacts, UnitState } from './host.ts';
import type { Look } from './look.ts';
import type { Seen } from './looks.ts';
import { dirFacts, roomBeside } from './parts.ts';
import { configurationFacts } from './settings.ts';

/** A program that works on etcd's data, as it lies on the host. */
export interface ToolSeen {
  readonly program: 'etcdutl' | 'etcdctl';
  readonly path: string;
  readonly version: string;
  /** Restores snapshots (etcdctl does up to 3.5). */
  readonly restores: boolean;
  /** Has `--bump-revision`. */
  readonly bumps: boolean;
}

/** A host as it was seen at one moment. Where something is undefined it could not be told. */
export interface HostSight {
  /** sha256 of the program that answers there. */
  readonly programSha256: string;
  readonly unit: UnitState;
  /** Groups of verbs that the host's owner allows. */
  readonly allow: readonly string[];
  /** Of the etcd that the unit starts. */
  readonly serverVersion: string | undefined;
  readonly tools: readonly ToolSeen[];
  readonly configuration: HostFacts['configuration'];
  /** etcd's settings by the names of its flags, as they stand. */
  readonly settings: ReadonlyMap<string, string>;
  /** Settings that cannot be read, or that name other directories than host.json; undefined when all is well. */
  readonly settingsProblem: string | undefined;
  /** Why a run could not change how etcd finds its cluster; undefined when it could. */
  readonly unchangeableBecause: string | undefined;
  /** Why the data could not be moved aside by a rename; undefined when it could. */
  readonly unmovableBecause: string | undefined;
  readonly dataDir: DirFacts;
  /** Processes called etcd that are of no entry of host.json. */
  readonly strangers: readonly number[];
  /** Whose the data is, as its WAL says. */
  readonly dataIds: { readonly member: string; readonly cluster: string } | undefined;
  readonly freeBytes: number;
  readonly clockOffsetMs: number;
  readonly certificates: readonly CertificateFacts[];
  /** Why the certificates could not be read. */
  readonly certificatesProblem: string | undefined;
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN */
export function sightOf(where: string, seen: Seen): HostSight {
  const { settings, place } = seen;
  const readAtMs = 1_000 * seen.time;
  return {
    programSha256: seen.program,
    unit: unitState(seen),
    allow: seen.allow,
    serverVersion: seen.server_version,
    tools: seen.tools ?? [],
    configuration: configurationFacts(seen),
    settings: settings.values,
    settingsProblem: settings.problem,
    unchangeableBecause: settings.changeable
      ? undefined
      : settings.because || `${settings.file ?? 'its configuration'} is not written in a way that is known`,
    unmovableBecause: place.problem,
    dataDir: dirFacts(where, seen, 'data'),
    strangers: seen.other_processes,
    dataIds: seen.data_ids,
    freeBytes: roomBeside(where, seen),
    clockOffsetMs: clockOffset({
      sentAtMs: seen.sentAtMs,
      begunAtMs: readAtMs,
      endedAtMs: readAtMs,
      answeredAtMs: seen.answeredAtMs,
    }),
    ...certificatesOf(where, seen),
  };
}

export function unitState({ state, user, group }: Pick<Look, 'state' | 'user' | 'group'>): UnitState {
  const masked = state.masked && state.masked_on_disk;
  const half = !masked && (state.masked || state.masked_on_disk);
  return { activeState: state.active, masked, ...(half && { halfMasked: true }), mainPid: state.main_pid, user, group };
}

function certificatesOf(where: string, seen: Seen): Pick<HostSight, 'certificates' | 'certificatesProblem'> {
  try {
    return { certificates: certificateFacts(where, seen.certificates ?? []), certificatesProblem: undefined };
  } catch (error) {
    if (isOpsError(error)) return { certificates: [], certificatesProblem: error.message };
    throw error;
  }
}
