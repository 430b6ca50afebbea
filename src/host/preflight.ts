/** Reads all that a restore rests on, and says the one thing that is wrong, before anything is touched. */
import { OpsError } from '../errors.ts';
import type { MemberName } from '../ids.ts';
import { certificateFiles } from './certificates.ts';
import { look } from './command.ts';
import { configurationFacts, readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { dirFacts, sizeLook } from './directory.ts';
import { freeLook, parseFree } from './disk.ts';
import type { createForesight } from './foresight.ts';
import type { HostFacts, Purpose } from './host.ts';
import { mountInfoPath } from './mounts.ts';
import { refuseUnmovable } from './moves.ts';
import type { createPermissionCheck } from './permissions.ts';
import type { Answer, Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import { chooseTool, readServerVersion, toolLooks } from './tool.ts';
import { parseUnit, unitLooks, unitState } from './unit.ts';

export interface PreflightDeps {
  readonly shell: Shell;
  readonly member: MemberName;
  readonly unit: string;
  readonly dataDir: string;
  readonly foresee: ReturnType<typeof createForesight>;
  /** `checkPermissions`, or one that remembers that it was content. */
  readonly permitted: ReturnType<typeof createPermissionCheck>;
}

/**
 * Four sessions the first time, one every further time, as long as the host is as it was.
 * @param purposes what sudo is asked about
 * @throws OpsError HOST_* or CONFIG_INVALID
 */
export async function preflight(
  { shell, member, unit, dataDir, foresee, permitted }: PreflightDeps,
  purposes: readonly Purpose[],
): Promise<HostFacts> {
  const moment = foresee('settings', 'program', 'owner');
  const looks = [...unitLooks(unit), listSiblings(dataDir), sizeLook(dataDir), freeLook(dataDir), look('cat', mountInfoPath), ...toolLooks];
  const { answers, clockOffsetMs } = await moment.about('settings').session(looks);
  const [show, files, list, size, free, mounts, ...tools] = answers as [Answer, Answer, Answer, Answer, Answer, Answer, ...Answer[]];
  const reading = parseUnit(shell.where, unit, show, files);
  if (reading.directives.length === 0) {
    throw new OpsError('CONFIG_INVALID', `${shell.where} has no unit ${unit}.`, { hint: 'Correct etcd.unit in config.yaml.' });
  }
  const siblings = parseSiblings(shell.where, dataDir, list);
  refuseUnmovable(shell.where, dataDir, siblings, mounts.stdout);

  const configuration = await readConfiguration(moment.about('settings'), unit, reading);
  checkDirectories(shell.where, dataDir, configuration);
  const [serverVersion, state] = await Promise.all([
    readServerVersion(moment.about('program'), configuration.settings.program),
    unitState(moment.about('owner'), reading),
  ]);
  const tool = chooseTool(shell.where, tools, serverVersion);
  const facts = {
    unit: state,
    serverVersion,
    tool,
    configuration: configurationFacts(configuration),
    dataDir: dirFacts(dataDir, siblings, size),
    freeBytes: parseFree(shell.where, free),
    clockOffsetMs,
  };
  await permitted(
    { member, unit, dataDir, state, tool, configuration: facts.configuration, certificates: certificateFiles(configuration) },
    purposes,
  );
  return facts;
}

/** A data-dir of config.yaml that is not etcd's own would be swapped without any effect, or with a bad one. */
function checkDirectories(where: string, dataDir: string, { settings: { values } }: Configuration): void {
  const found = values.get('data-dir');
  if (found?.value.replace(/(.)\/+$/, '$1') !== dataDir) {
    throw new OpsError(
      'CONFIG_INVALID',
      `etcd on ${where} keeps its data in ${found === undefined ? 'a directory that its configuration does not name' : `${found.value} (${found.file})`}, not in ${dataDir}.`,
      {
        hint: 'Make etcd.dataDir in config.yaml and the data-dir of the host agree.',
      },
    );
  }
  const wal = values.get('wal-dir');
  if (wal !== undefined && wal.value !== '') {
    throw new OpsError(
      'HOST_OUTPUT_UNKNOWN',
      `etcd on ${where} keeps its WAL apart, in ${wal.value} (${wal.file}): a restore into one directory would leave the old WAL in place.`,
      {
        hint: 'Restore this member by hand, with --wal-dir.',
      },
    );
  }
}
