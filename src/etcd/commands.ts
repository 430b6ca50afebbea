/** What is done over gRPC, as the etcdctl command an operator would type: for plans and for the journal, from one place. */
import { createHash } from 'node:crypto';
import type { PlannedCommand, RecordCommand } from '../engine/command.ts';
import type { Clock } from '../engine/ports.ts';
import { mustLetGo } from '../engine/tenure.ts';
import type { MemberId, MemberName } from '../ids.ts';
import type { Alarm } from './etcd.ts';
import type { TlsPaths } from './tls.ts';

/** Longer values are named by their size: the journal is no place for them. */
const longestShownValue = 256;

/** The etcdctl equivalents of what this folder does. All are typed on the bot's machine. */
export interface EtcdCommands {
  saveSnapshot(from: MemberName, toPath: string): PlannedCommand;
  put(key: string, value: string): PlannedCommand;
  delete(key: string): PlannedCommand;
  addLearner(name: MemberName, peerUrls: readonly string[]): PlannedCommand;
  promote(id: MemberId): PlannedCommand;
  removeMember(id: MemberId): PlannedCommand;
  updatePeerUrls(id: MemberId, peerUrls: readonly string[]): PlannedCommand;
  moveLeader(to: MemberId): PlannedCommand;
  compact(revision: bigint): PlannedCommand;
  defragment(member: MemberName): PlannedCommand;
  disarm(alarm: Alarm): PlannedCommand;
}

interface CommandsDeps {
  readonly members: readonly { readonly name: MemberName; readonly clientUrl: string }[];
  readonly tls: TlsPaths | undefined;
  /** Never a password: with one, `--user` names the user alone and etcdctl asks for the rest. */
  readonly user: string | undefined;
}

/** Makes the commands of one cluster. */
export function etcdCommands({ members, tls, user }: CommandsDeps): EtcdCommands {
  const identity =
    tls === undefined ? (user === undefined ? [] : ['--user', user]) : ['--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key];
  const etcdctl = (endpoints: readonly string[], words: readonly string[]): PlannedCommand => ({
    on: 'bot',
    argv: ['etcdctl', '--endpoints', endpoints.join(','), ...identity, ...words],
  });
  const all = members.map((member) => member.clientUrl);
  const only = (name: MemberName) => members.filter((member) => member.name === name).map((member) => member.clientUrl);
  return {
    saveSnapshot: (from, toPath) => etcdctl(only(from), ['snapshot', 'save', toPath]),
    put: (key, value) => etcdctl(all, ['put', '--', key, value.length > longestShownValue ? `<${Buffer.byteLength(value)} bytes>` : value]),
    delete: (key) => etcdctl(all, ['del', '--', key]),
    addLearner: (name, peerUrls) => etcdctl(all, ['member', 'add', name, '--learner', `--peer-urls=${peerUrls.join(',')}`]),
    promote: (id) => etcdctl(all, ['member', 'promote', id]),
    removeMember: (id) => etcdctl(all, ['member', 'remove', id]),
    updatePeerUrls: (id, peerUrls) => etcdctl(all, ['member', 'update', id, `--peer-urls=${peerUrls.join(',')}`]),
    // etcdctl finds the leader among the endpoints by itself.
    moveLeader: (to) => etcdctl(all, ['move-leader', to]),
    compact: (revision) => etcdctl(all, ['compaction', '--physical', revision.toString()]),
    defragment: (member) => etcdctl(only(member), ['defrag']),
    // etcdctl takes back every alarm there is and cannot take back one: what is done here is part of this.
    disarm: () => etcdctl(all, ['alarm', 'disarm']),
  };
}

/** Carries out work that changes something and records it; see `recorded`. */
export type Act = <Result>(act: {
  readonly command: PlannedCommand;
  output(result: Result): string;
  work(): Promise<Result>;
  /** Asked of the result: false leaves the journal as it is. */
  worthNoting?(result: Result): boolean;
}) => Promise<Result>;

/** Records what acts on a cluster with this recorder and clock. */
export function acting(recording: { readonly record: RecordCommand; readonly clock: Clock }): Act {
  return ({ work, ...what }) => recorded(recording, { ...what, changes: true }, work);
}

/**
 * Carries out `work` and records it as `command`, also when it fails; not when it was not permitted.
 * `output` is what etcdctl would have said, from the result; a result that is not `worthNoting` (an attempt that changed nothing and is
 * made again every second) is left out.
 */
export async function recorded<Result>(
  { record, clock }: { readonly record: RecordCommand; readonly clock: Clock },
  {
    command,
    changes,
    output,
    worthNoting = () => true,
  }: {
    readonly command: PlannedCommand;
    readonly changes: boolean;
    readonly output: (result: Result) => string;
    readonly worthNoting?: (result: Result) => boolean;
  },
  work: () => Promise<Result>,
): Promise<Result> {
  const began = clock.now().getTime();
  const note = (text: string, exitCode: number) =>
    record({
      ...command,
      changes,
      exitCode,
      durationMs: clock.now().getTime() - began,
      output: text,
      outputBytes: Buffer.byteLength(text),
      outputSha256: createHash('sha256').update(text).digest('hex'),
    });
  try {
    const result = await work();
    if (worthNoting(result)) note(output(result), 0);
    return result;
  } catch (error) {
    // Not permitted: nothing was sent.
    if (mustLetGo(error)) throw error;
    note(error instanceof Error ? error.message : String(error), 1);
    throw error;
  }
}
