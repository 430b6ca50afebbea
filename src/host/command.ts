/** A command for a host: who runs it, what counts as success, and how an operator would type it. */
import type { PlannedCommand } from '../engine/command.ts';

/** Whose rights a command needs: those of the ssh user, of root, or of etcd's user. */
export type RunAs = 'self' | 'root' | { readonly user: string; readonly group: string };

export interface HostCommand {
  readonly argv: readonly string[];
  readonly as: RunAs;
  readonly changes: boolean;
  /** Exit codes that are an answer and not a failure; only 0 when not given. */
  readonly accepts?: readonly number[];
  /** `hidden`: may hold settings nobody wants in a thread; the record gets size and hash only. `failures`: recorded only when it fails. */
  readonly recorded?: 'hidden' | 'failures';
}

/** A command that only looks, as the ssh user. */
export function look(...argv: readonly string[]): HostCommand {
  return { argv, as: 'self', changes: false };
}

/** A command that only looks, as root. */
export function lookAsRoot(...argv: readonly string[]): HostCommand {
  return { argv, as: 'root', changes: false };
}

/** A command that changes something, as root. */
export function changeAsRoot(...argv: readonly string[]): HostCommand {
  return { argv, as: 'root', changes: true };
}

/** The same command with other exit codes counted as answers. */
export function accepting(command: HostCommand, ...accepts: readonly number[]): HostCommand {
  return { ...command, accepts };
}

/** As an operator would type it. */
export function typed(command: HostCommand): readonly string[] {
  return withSudo(command, ['sudo']);
}

/** As it is sent: sudo must never ask. */
export function sent(command: HostCommand): readonly string[] {
  return withSudo(command, ['sudo', '-n']);
}

/** As it stands in a plan. */
export function planned(on: string, commands: readonly HostCommand[]): readonly PlannedCommand[] {
  return commands.map((command) => ({ on, argv: typed(command) }));
}

function withSudo({ as, argv }: HostCommand, sudo: readonly string[]): readonly string[] {
  if (as === 'self') return argv;
  if (as === 'root' || as.user === 'root') return [...sudo, ...argv];
  return [...sudo, '-u', as.user, '-g', as.group, ...argv];
}
