/**
 * The fence on the host: which worker's epoch of a run was seen there last, kept under a lock, so that a worker that was paused
 * while another took its run over has not one more command carried out. Docs: docs/adr/0016-fence-on-the-host.md.
 */
import { OpsError } from '../errors.ts';
import type { Tenure } from '../engine/tenure.ts';
import { commandInWords, lastLines } from './failures.ts';
import type { Attempt } from './failures.ts';
import * as limits from './limits.ts';
import { quoteArgv } from './quoting.ts';

/** What a session shows: the run, and the epoch its worker holds. */
export type Epoch = Pick<Tenure, 'runId' | 'epoch'>;

/** In the place of a command's exit code, which ends at 255: the command was not run. */
const exitCodes = { fenced: 300, busy: 301, unkept: 302 } as const;

/** Of flock(1), when it waited in vain. */
const conflict = 75;
/** Relative to the ssh user's home, where sshd starts a session; nobody else can put a link there. */
const directory = '.etcd-medic';
const seconds = (ms: number) => String(Math.ceil(ms / 1_000));

/** The functions of a session that changes something, as lines of POSIX sh. Lines made by `held` and `unheld` call them. */
export function epochFunctions({ runId, epoch }: Epoch): readonly string[] {
  const turn = `-w ${seconds(limits.epochTurnMs)}`;
  return [
    `d=${directory} f=${quoteArgv([`${directory}/${runId}`])} e=${String(epoch)}`,
    // The epoch on record into n, 0 when there is none. It is replaced by a rename, so it is read whole without a lock.
    `seen() { n=0; [ -e "$f/epoch" ] || return 0; read -r n <"$f/epoch" || n=
case $n in ''|*[!0-9]*) echo "$f/epoch holds no epoch" >&2; return 1;; esac; }`,
    // A directory of the user's own. Records of runs that no worker took up for so long are removed when one of a new run is made.
    `place() { [ -d "$d" ] || mkdir -p "$d" || return
if [ -L "$d" ] || [ ! -O "$d" ]; then echo "$d is not a directory of the ssh user's own" >&2; return 1; fi
[ -d "$f" ] && return
find "$d" -mindepth 1 -maxdepth 1 -mtime +${String(limits.epochRecordsDays)} -exec rm -rf {} +
mkdir -p "$f"; }`,
    // Puts this epoch on record, on the disk: from then on older ones are refused, also after a loss of power.
    `raise() { { flock ${turn} 8 && seen || return 1
[ "$n" -ge "$e" ] && return
printf '%s\\n' "$e" >"$f/next" && sync "$f/next" && mv -f "$f/next" "$f/epoch" && sync "$f"; } 8>>"$f/raise"; }`,
    // Begins this epoch here: waits until what older ones have in flight has ended. When a newer one is on record there is nothing to wait for.
    `begin() { place && raise || return
[ "$n" -gt "$e" ] && return
{ flock -E ${conflict} -w ${seconds(limits.earlierCommandMs)} 7; q=$?
if [ $q -eq ${conflict} ]; then x=${exitCodes.busy} y=; read -r y <"$f/running"; printf '%s\\n' "$y" >&2; fi
[ $q -eq 0 ] && printf '%s\\n' "$e" >"$f/begun"; } 7>>"$f/commands"; }`,
    `begun() { x=${exitCodes.unkept} y=; [ ! -e "$f/begun" ] || read -r y <"$f/begun"; [ "$y" = "$e" ] || begin; }`,
    // Under the shared lock on 9: whether this epoch is the one on record.
    `newest() { flock -s ${turn} 9 && seen || return
if [ "$n" -gt "$e" ]; then x=${exitCodes.fenced}; echo "$n" >&2; return 1; fi
[ "$n" -eq "$e" ] || { echo "$f/epoch was removed" >&2; return 1; }; }`,
    // The command has the lock's descriptor, too: the lock lasts as long as the command, also when this shell was killed.
    `held() { begun || return; { newest && { printf '%s\\n' "$*" 2>/dev/null >"$f/running"; "$@"; x=$?; }; } 9>>"$f/commands"; }`,
    `unheld() { begun || return; { newest; } 9>>"$f/commands" && { "$@"; x=$?; }; }`,
  ];
}

/** Runs a command while its epoch is the one on record, and keeps newer ones waiting until it has ended. Its exit code is in `$x`. */
export function held(command: string): string {
  return `held ${command}`;
}

/**
 * The same for a command that ends only when its worker does something, which a paused one never does: nobody waits for it.
 * It may be one only whose work the next worker throws away.
 */
export function unheld(command: string): string {
  return `unheld ${command}`;
}

/** The error of a command that the fence held back; undefined for the exit code of a command. Nothing was run. */
export function heldBack(attempt: Attempt, { epoch }: Epoch, exitCode: number, stderr: string): OpsError | undefined {
  const { where, command } = attempt;
  const what = commandInWords(command);
  const said = lastLines(stderr);
  switch (exitCode) {
    case exitCodes.fenced:
      return new OpsError(
        'HOST_FENCED',
        `\`${what}\` was not run on ${where}: a newer worker has this run (it stands at epoch ${said} there, this worker holds ${epoch}).`,
      );
    case exitCodes.busy:
      return new OpsError(
        'HOST_COMMAND_TIMEOUT',
        `\`${what}\` was not run on ${where}: what an earlier worker of this run began there still runs after ${seconds(limits.earlierCommandMs)} s${said === '' ? '' : ` (\`${said}\`)`}, and nothing is done beside it.`,
        { hint: 'Look what still runs on the host; when it has ended, press Retry.' },
      );
    case exitCodes.unkept:
      return new OpsError(
        'HOST_EPOCH_FAILED',
        `\`${what}\` was not run on ${where}: the host cannot keep on record which worker has this run${said === '' ? '' : ` (${said})`}.`,
      );
    default:
      return undefined;
  }
}
