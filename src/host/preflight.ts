/** What a procedure rests on, out of one look at a host: the facts, or the one thing that is wrong, before anything is touched. */
import { OpsError } from '../errors.ts';
import { clockOffset } from './clock-offset.ts';
import type { HostFacts, Purpose, RestoreTool, UnitState } from './host.ts';
import type { Look } from './look.ts';
import type { Seen } from './looks.ts';
import { unknownAnswer } from './failures.ts';
import { dirFacts, roomBeside } from './parts.ts';
import { configurationFacts, demandChangeable } from './settings.ts';

interface Need {
  /** Groups of host.json that the acts of this purpose are in: docs/host-protocol.md. */
  readonly groups: readonly string[];
  /** Renames the data-dir. */
  readonly moves?: true;
  readonly changesSettings?: true;
}

const needs: Readonly<Record<Purpose, Need>> = {
  restore: { groups: ['restore'], moves: true, changesSettings: true },
  'replace-member': { groups: ['replace'], moves: true, changesSettings: true },
  undo: { groups: ['restore'], moves: true, changesSettings: true },
  'v2-restore': { groups: ['v2', 'restore'], moves: true, changesSettings: true },
  'v2-backup': { groups: ['v2'] },
  'stop-and-start': { groups: ['stop-and-start'] },
  'fetch-database': { groups: ['fetch-database'] },
};

/** @throws OpsError HOST_DESCRIPTION_INVALID, HOST_NOT_ALLOWED, HOST_TOOL_MISSING, HOST_OUTPUT_UNKNOWN */
export function preflightFacts(where: string, unit: string, seen: Seen, purposes: readonly Purpose[]): HostFacts {
  demandAllowed(where, unit, seen, purposes);
  if (purposes.some((purpose) => needs[purpose].moves === true)) demandMovable(where, seen);
  demandDescribed(where, unit, seen);
  if (purposes.some((purpose) => needs[purpose].changesSettings === true)) demandChangeable(where, seen);
  const tool = chooseTool(where, seen);
  const readAtMs = 1_000 * seen.time;
  return {
    unit: unitState(seen),
    serverVersion: serverVersion(where, seen),
    tool,
    configuration: configurationFacts(seen),
    dataDir: dirFacts(where, seen, 'data'),
    freeBytes: roomBeside(where, seen),
    clockOffsetMs: clockOffset({
      sentAtMs: seen.sentAtMs,
      begunAtMs: readAtMs,
      endedAtMs: readAtMs,
      answeredAtMs: seen.answeredAtMs,
    }),
  };
}

export function unitState({ state, user, group }: Pick<Look, 'state' | 'user' | 'group'>): UnitState {
  return { activeState: state.active, masked: state.masked && state.masked_on_disk, mainPid: state.main_pid, user, group };
}

function demandAllowed(where: string, unit: string, { allow }: Look, purposes: readonly Purpose[]): void {
  const missing = [...new Set(['look', ...purposes.flatMap((purpose) => needs[purpose].groups)])].filter((group) => !allow.includes(group));
  if (missing.length === 0) return;
  throw new OpsError(
    'HOST_NOT_ALLOWED',
    `The owner of ${where} does not allow ${missing.join(' and ')} there: /etc/etcd-medic/host.json does not have it in \`allow\` of ${unit}.`,
    { details: { missing, purposes } },
  );
}

/** Where etcd keeps its data elsewhere than host.json says, whatever is moved there has no effect, or a bad one. */
function demandDescribed(where: string, unit: string, { settings: { problem } }: Look): void {
  if (!problem) return;
  throw new OpsError(
    'HOST_DESCRIPTION_INVALID',
    `What host.json says of ${unit} on ${where} cannot be relied on: ${problem.replace(/\.$/, '')}.`,
  );
}

/** A data-dir that cannot be renamed is found before the gate, not behind it. */
function demandMovable(where: string, { place: { problem } }: Look): void {
  if (!problem) return;
  throw new OpsError('HOST_OUTPUT_UNKNOWN', `The data-dir on ${where} cannot be moved aside by a rename: ${problem.replace(/\.$/, '')}.`, {
    hint: 'Put right what is named, or do it by hand; nothing was touched.',
  });
}

function serverVersion(where: string, { server_version: version }: Look): string {
  if (version) return version;
  throw unknownAnswer({ where, what: 'look' }, 'the etcd that the unit starts does not say its version');
}

/**
 * etcdutl wherever it is, of the server's own minor version; else etcdctl of that minor, which restores up to 3.5
 * (https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster).
 * @throws OpsError HOST_TOOL_MISSING, HOST_OUTPUT_UNKNOWN
 */
export function chooseTool(where: string, seen: Look): RestoreTool {
  const server = serverVersion(where, seen);
  // etcdutl first.
  const tools = (seen.tools ?? []).toSorted((a, b) => b.program.localeCompare(a.program));
  const fitting = tools.find(({ version, restores }) => restores && minorOf(version) === minorOf(server));
  if (fitting !== undefined) return { program: fitting.program, version: fitting.version, canBumpRevision: fitting.bumps };
  const has =
    tools.length === 0 ? 'neither etcdutl nor etcdctl' : tools.map(({ program, version }) => `${program} ${version}`).join(' and ');
  throw new OpsError(
    'HOST_TOOL_MISSING',
    `${where} runs etcd ${server} and has ${has}: a snapshot is restored with a tool of the server's own minor version.`,
    { hint: `Install etcdutl or etcdctl ${minorOf(server)} on the host (Debian: the package etcd-client), and run the kit there again.` },
  );
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
