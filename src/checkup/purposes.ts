/** Whether a host lets the bot do what a procedure will do there: its owner's leave, data that can be moved, settings that can be changed. */
import type { Purpose } from '../host/host.ts';
import type { HostSight } from '../host/sight.ts';
import { withoutFullStop } from '../engine/foreign-text.ts';
import { list } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';

interface Need {
  /** Groups of host.json that the acts of this purpose are in: docs/host-protocol.md. */
  readonly groups: readonly string[];
  /** The commands that people know it by. */
  readonly commands: readonly string[];
  /** Renames the data-dir. */
  readonly moves?: true;
  readonly changesSettings?: true;
}

const needs: Readonly<Record<Purpose, Need>> = {
  restore: { groups: ['restore', 'stop-and-start'], commands: ['restore', 'recover-quorum'], moves: true, changesSettings: true },
  'replace-member': { groups: ['replace', 'stop-and-start'], commands: ['replace-member'], moves: true, changesSettings: true },
  undo: { groups: ['restore', 'stop-and-start'], commands: ['undo'], moves: true, changesSettings: true },
  'v2-restore': { groups: ['v2', 'restore', 'stop-and-start'], commands: ['v2-restore'], moves: true, changesSettings: true },
  'v2-backup': { groups: ['v2'], commands: ['v2-backup'] },
  'stop-and-start': { groups: ['stop-and-start'], commands: ['start', 'stop', 'restart'] },
  'fetch-database': { groups: ['fetch-database'], commands: ['recover-quorum from a stopped member'] },
};

const allPurposes = Object.keys(needs) as Purpose[];

type Seen = Pick<HostSight, 'allow' | 'unmovableBecause' | 'unchangeableBecause' | 'settingsProblem'>;

/** What these purposes need of the host; what is missing is wrong. */
export function purposeChecks(about: string, sight: Seen, purposes: readonly Purpose[]): readonly Check[] {
  return [
    allowedCheck(about, sight, purposes),
    // Whatever is read or moved would be of another etcd; to start and stop one that does not matter.
    ...(purposes.some((purpose) => purpose !== 'stop-and-start') ? [settingsCheck(about, sight)] : []),
    ...(purposes.some((purpose) => needs[purpose].moves === true) ? [movableCheck(about, sight)] : []),
    ...(purposes.some((purpose) => needs[purpose].changesSettings === true) ? [changeableCheck(about, sight)] : []),
  ];
}

/** The same before anybody asks for anything: what the owner does not allow is theirs to decide, and only worth a look. */
export function allowanceCheck(about: string, { allow }: Pick<HostSight, 'allow'>): Check {
  const { good, wrong, worthALook } = saying(about);
  if (!allow.includes('look')) return wrong('allowed', 'Its owner does not even allow `look`.', kitWith(['look']), 'HOST_NOT_ALLOWED');
  const missing = [...new Set(allPurposes.flatMap((purpose) => needs[purpose].groups))].filter((group) => !allow.includes(group));
  const refused = allPurposes.filter((purpose) => needs[purpose].groups.some((group) => missing.includes(group)));
  if (missing.length === 0) return good('allowed', 'Its owner allows all that procedures do.');
  return worthALook(
    'allowed',
    `Its owner does not allow ${list(missing)}: no ${list(refused.flatMap((purpose) => needs[purpose].commands))} here.`,
    kitWith([...allow, ...missing]),
  );
}

function allowedCheck(about: string, { allow }: Seen, purposes: readonly Purpose[]): Check {
  const { good, wrong } = saying(about);
  const missing = [...new Set(['look', ...purposes.flatMap((purpose) => needs[purpose].groups)])].filter((group) => !allow.includes(group));
  if (missing.length === 0) return good('allowed', 'Its owner allows it.');
  return wrong(
    'allowed',
    `The owner of the host does not allow ${list(missing)}: host.json there does not have it in \`allow\`.`,
    kitWith([...allow, ...missing]),
    'HOST_NOT_ALLOWED',
  );
}

function kitWith(groups: readonly string[]): string {
  return `If its owner agrees: \`etcd-medic kit <cluster> --allow ${groups.join(',')}\`, and run that on the host as root.`;
}

/** A data-dir that cannot be renamed is found before the gate, not behind it. */
export function movableCheck(about: string, { unmovableBecause }: Pick<Seen, 'unmovableBecause'>): Check {
  const { good, wrong } = saying(about);
  if (unmovableBecause === undefined) return good('data-dir', 'Its data can be moved aside by a rename.');
  return wrong(
    'data-dir',
    `Its data cannot be moved aside by a rename: ${withoutFullStop(unmovableBecause)}.`,
    'Put right what is named, on the host.',
    'HOST_OUTPUT_UNKNOWN',
  );
}

/** Settings in several files, built by a shell, or of another data-dir than host.json: a run would end in the middle. */
export function changeableCheck(
  about: string,
  { unchangeableBecause, settingsProblem }: Pick<Seen, 'unchangeableBecause' | 'settingsProblem'>,
): Check {
  const { good, wrong } = saying(about);
  if (settingsProblem !== undefined) return settingsCheck(about, { settingsProblem });
  if (unchangeableBecause === undefined) return good('settings', 'Its settings can be changed by a run.');
  return wrong(
    'settings',
    `How etcd finds its cluster cannot be changed: ${withoutFullStop(unchangeableBecause)}.`,
    'Have initial-cluster, initial-cluster-state and initial-cluster-token in one place: one EnvironmentFile, the unit’s ExecStart, or one --config-file.',
    'HOST_OUTPUT_UNKNOWN',
  );
}

/** Whether etcd would use the directories that the host's program looks at. */
export function settingsCheck(about: string, { settingsProblem }: Pick<Seen, 'settingsProblem'>): Check {
  const { good, wrong } = saying(about);
  if (settingsProblem === undefined) return good('settings', 'Its settings name the directories of host.json.');
  return wrong(
    'settings',
    `${sentence(settingsProblem)}.`,
    'Correct etcd’s settings, or run the kit on the host again as root: it writes host.json anew.',
    'HOST_DESCRIPTION_INVALID',
  );
}

function sentence(text: string): string {
  // Not the name of a program.
  return text.startsWith('etcd ') ? withoutFullStop(text) : `${text.charAt(0).toUpperCase()}${withoutFullStop(text.slice(1))}`;
}
