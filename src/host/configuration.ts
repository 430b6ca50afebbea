/** Reads and changes how etcd is configured on a host. */
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { OpsError } from '../errors.ts';
import { accepting, changeAsRoot, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { configFilePath, environmentFilePaths, etcdSettings } from './etcd-settings.ts';
import type { EtcdSettings } from './etcd-settings.ts';
import { createForesight } from './foresight.ts';
import type { Moment } from './foresight.ts';
import type { ClusterSettings, HostFacts } from './host.ts';
import * as limits from './limits.ts';
import { copyName, difference, edited, sedArguments, wantedValues } from './settings-edit.ts';
import type { Edit } from './settings-edit.ts';
import type { Answer, Shell } from './shell.ts';
import { parseUnit, readUnit, unitLooks } from './unit.ts';
import type { UnitReading } from './unit.ts';
import { directives } from './unit-text.ts';
import type { TextFile } from './unit-text.ts';

/** etcd's settings on a host, and the files they come from. */
export interface Configuration {
  readonly settings: EtcdSettings;
  readonly environmentFiles: readonly TextFile[];
  readonly configFile: TextFile | undefined;
  readonly reading: UnitReading;
}

/** Prints a settings file; it may hold what nobody wants in a thread. */
export function print(path: string): HostCommand {
  return { ...accepting(lookAsRoot('cat', path), 0, 1), recorded: 'hidden' };
}

/** Reads the files that the unit names. @throws OpsError HOST_* */
export async function readConfiguration(shell: Shell, unit: string, reading: UnitReading): Promise<Configuration> {
  const environmentFiles = await printAll(shell, environmentFilePaths(reading.directives, unit));
  const configPath = configFilePath(reading.directives, environmentFiles);
  const [configFile] = configPath === undefined ? [] : await printAll(shell, [configPath]);
  return { settings: etcdSettings(reading.directives, environmentFiles, configFile), environmentFiles, configFile, reading };
}

/** Those of the files that are there. @throws OpsError HOST_* */
export async function printAll(shell: Shell, paths: readonly string[]): Promise<readonly TextFile[]> {
  if (paths.length === 0) return [];
  const { answers } = await shell.session(paths.map(print));
  return paths.flatMap((path, index) => {
    const answer = answers[index];
    return answer === undefined || answer.exitCode !== 0 ? [] : [{ path, text: answer.stdout }];
  });
}

/** Where the settings stand, or would be put. @throws OpsError HOST_OUTPUT_UNKNOWN when a person must do it */
function target(
  { settings: { style, values, unitFile }, environmentFiles, configFile, reading }: Configuration,
  shell: Shell,
  wanted: ClusterSettings,
): { readonly file: TextFile; readonly edit: Edit } {
  const names = [...wantedValues(wanted).keys()];
  const places = new Set(names.flatMap((name) => values.get(name)?.file ?? []));
  const path =
    [...places][0] ??
    (style === 'config-file' ? configFile?.path : style === 'environment-file' ? environmentFiles.at(-1)?.path : unitFile);
  const file = [...environmentFiles, ...(configFile === undefined ? [] : [configFile]), ...reading.files].find(
    (each) => each.path === path,
  );
  const append = names.filter((name) => !values.has(name));
  if (places.size > 1) throw byHand(shell, wanted, `they stand in more than one file (${[...places].join(', ')})`);
  if (file === undefined || path === undefined) throw byHand(shell, wanted, 'no file was found where they stand');
  if (style === 'flags' && append.length > 0) throw byHand(shell, wanted, `${append.join(' and ')} is no flag of ExecStart in ${path} yet`);
  if (style === 'flags' && !path.startsWith('/etc/'))
    throw byHand(shell, wanted, `they are flags in ${path}, which belongs to a package and would be overwritten by its next version`);
  return { file, edit: { settings: wanted, append, style } };
}

function byHand(shell: Shell, settings: ClusterSettings, because: string): OpsError {
  const wanted = wantedValues(settings);
  const inWords = [...wanted].map(([name, value]) => `${name} to ${value}`).join(' and ');
  return new OpsError('HOST_OUTPUT_UNKNOWN', `${[...wanted.keys()].join(' and ')} on ${shell.where} cannot be changed here: ${because}.`, {
    hint: `Set ${inWords} on the host by hand, run systemctl daemon-reload, then press Retry.`,
  });
}

/** Which file holds the settings, for plans. */
export function configurationFacts({
  settings: { style, values, unitFile },
  environmentFiles,
  configFile,
}: Configuration): HostFacts['configuration'] {
  const place =
    values.get('initial-cluster-state')?.file ?? values.get('initial-cluster-token')?.file ?? values.get('initial-cluster')?.file;
  return {
    style,
    file: place ?? configFile?.path ?? (style === 'environment-file' ? environmentFiles.at(-1)?.path : undefined) ?? unitFile,
  };
}

/** The commands that set them. The copy's name says what came after it, so a repeat makes no second one. */
export function configureCommands(file: string, edit: Edit): readonly [HostCommand, HostCommand, HostCommand] {
  return [
    changeAsRoot('cp', '-aT', file, copyName(file, edit.settings)),
    changeAsRoot('sed', ...sedArguments(edit), file),
    changeAsRoot('systemctl', 'daemon-reload'),
  ];
}

/** Whether the settings have these values, and systemd knows. */
export function configuredFinding(where: string, { settings: { values }, reading }: Configuration, wanted: ClusterSettings): Finding {
  const wrong = [...wantedValues(wanted)].flatMap(([name, value]) => {
    const found = values.get(name);
    return found?.value === value
      ? []
      : [`${name} is ${found === undefined ? 'not set' : `${found.value} in ${found.file}`}, not ${value}`];
  });
  if (wrong.length > 0) return fails(`On ${where} ${wrong.join(', and ')}.`);
  return reading.needsReload ? fails(`On ${where} the unit was changed and systemd not yet reloaded.`) : holds();
}

/** The unit and its settings, in one session where the files that it names are foreseen. @throws OpsError HOST_* */
export async function lookAtConfiguration(moment: Moment, unit: string): Promise<Configuration> {
  const shell = moment.about('settings');
  return readConfiguration(shell, unit, await readUnit(shell, unit));
}

/**
 * Changes the settings where they stand, keeps a copy of the file beside it, reloads systemd.
 * What sed will make of the file is worked out before, and must leave every other setting of etcd as it is; what it made is read
 * back in the same session. A copy of before is made anew: as long as there is something to change the file is as it was, and a copy may have been cut.
 * @throws OpsError HOST_*
 */
export async function configure(
  shell: Shell,
  unit: string,
  wanted: ClusterSettings,
  foresee = createForesight(shell),
): Promise<{ readonly difference: string }> {
  const before = await lookAtConfiguration(foresee('settings'), unit);
  if (configuredFinding(shell.where, before, wanted).holds) return { difference: '' };
  const { file, edit } = target(before, shell, wanted);
  const after = edited(file.text, edit);
  const foretold = withText(before, { path: file.path, text: after });
  const expected = configuredFinding(shell.where, { ...foretold, reading: { ...foretold.reading, needsReload: false } }, wanted);
  if (!expected.holds) throw byHand(shell, wanted, `${file.path} is not written in a way that is known`);
  const moved = movedSettings(before.settings, foretold.settings, wanted);
  if (moved.length > 0) throw byHand(shell, wanted, `the change would also move ${moved.join(', ')} in ${file.path}`);
  const [copy, change, reload] = configureCommands(file.path, edit);
  const look = foresee('settings').about('settings');
  const acts = [...(after === file.text ? [] : [copy, change]), reload];
  const { answers } = await look.session([...acts, ...unitLooks(unit)], { limitMs: limits.actLimitMs });
  const [show, files] = answers.slice(-2) as [Answer, Answer];
  const now = await readConfiguration(look, unit, parseUnit(shell.where, unit, show, files));
  const finding = configuredFinding(shell.where, now, wanted);
  if (!finding.holds) throw byHand(shell, wanted, `after the change: ${finding.because.replace(/\.$/, '')}`);
  return { difference: difference(file.path, file.text, after) };
}

/** The configuration as it would be with another text of one file. */
export function withText({ environmentFiles, configFile, reading }: Configuration, changed: TextFile): Configuration {
  const swap = (file: TextFile) => (file.path === changed.path ? changed : file);
  const files = reading.files.map(swap);
  const next = {
    environmentFiles: environmentFiles.map(swap),
    configFile: configFile && swap(configFile),
    reading: { ...reading, files, directives: directives(files) },
  };
  return { ...next, settings: etcdSettings(next.reading.directives, next.environmentFiles, next.configFile) };
}

/** Names of settings, other than those wanted, that are not as they were; and words that belonged to a flag and no longer do. */
function movedSettings(before: EtcdSettings, now: EtcdSettings, wanted: ClusterSettings): readonly string[] {
  const names = new Set([...before.values.keys(), ...now.values.keys()]);
  for (const name of wantedValues(wanted).keys()) names.delete(name);
  const moved = [...names].filter((name) => before.values.get(name)?.value !== now.values.get(name)?.value);
  return [...moved, ...now.strays.filter((word) => !before.strays.includes(word))];
}
