/** From facts to the next right action: what a person who knows etcd would say first. */
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { list, plural } from '../../engine/words.ts';

/** What was seen of the host of a member that does not answer; `reachable: false` when ssh did not answer in time. */
export type HostSight =
  | { readonly member: MemberName; readonly reachable: false; readonly because: string }
  | {
      readonly member: MemberName;
      readonly reachable: true;
      readonly unit: string;
      readonly masked: boolean;
      readonly dataIntact: boolean;
      /** What runs have left beside the data-dir, as paths. */
      readonly beside?: readonly string[];
    };

/** What triage looks at. */
export interface Sights {
  readonly cluster: string;
  readonly look: ClusterLook;
  /** One for each member that does not answer. */
  readonly silent: readonly HostSight[];
  /** Age in words of the newest usable snapshot; undefined when there is none. */
  readonly newestSnapshotAge: string | undefined;
}

/** One sentence: what is to be done now, with the command. The order is the order of least loss. */
export function nextAction(sights: Sights): string {
  const { look, silent, cluster } = sights;
  const cut = cutRun(sights);
  if (cut !== undefined) return cut;
  const raised = (type: string) => look.alarms?.filter((alarm) => alarm.type === type) ?? [];
  if (!look.quorum.holds) return withoutQuorum(sights);
  const [corrupt] = raised('CORRUPT');
  if (corrupt !== undefined)
    return `A member is corrupt: compare the hashes (\`etcdctl endpoint hashkv\`), stop the one that differs (\`stop ${cluster} <member>\`) and \`replace-member ${cluster}\` it. Do not defragment or restart the others now.`;
  if (raised('NOSPACE').length > 0)
    return `${silent.length > 0 ? `${minorityDown(silent, cluster)} Then: the` : 'The'} ${spaceSentence(cluster)}`;
  if (silent.length > 0) return minorityDown(silent, cluster);
  if (look.quorum.voters % 2 === 0)
    return `Nothing is wrong now. ${look.quorum.voters} voters tolerate no more failures than ${look.quorum.voters - 1}: an odd number is better.`;
  return sights.newestSnapshotAge === undefined ? `Nothing is wrong, but there is no snapshot: \`backup ${cluster}\`.` : 'Nothing to do.';
}

/** The run that a path beside a data-dir belongs to. */
export function runOf(path: string): string | undefined {
  return /\.([a-z][a-z0-9-]+-[0-9a-f]{6})\.(?:snapshot|new|old)(?:\.part)?$/.exec(path)?.[1];
}

/**
 * A mask is only ever set by a run that will take it off again: where one stays and the run's things lie beside the data-dir, the run was
 * cut, and which of the directories is the right one only the run, or a person, can tell. Redis may not know the run any more.
 */
function cutRun({ silent, cluster }: Sights): string | undefined {
  const masked = silent.flatMap((sight) =>
    sight.reachable && sight.masked ? [{ sight, runs: (sight.beside ?? []).flatMap((path) => runOf(path) ?? []) }] : [],
  );
  const run = masked.flatMap(({ runs }) => runs)[0];
  if (run === undefined) return undefined;
  const on = masked.filter(({ runs }) => runs.includes(run)).map(({ sight }) => sight);
  const procedure = run.slice(0, run.lastIndexOf(`-${cluster}-`));
  return `etcd is masked on ${names(on)}, where ${run} has left data beside the data-dir: start nothing by hand. \`show ${run}\` says where that run stands. When it is not known any more, a new \`${procedure} ${cluster}\` goes on from here, or a person does as docs/runbooks/${procedure}.md says.`;
}

function spaceSentence(cluster: string): string {
  return `database is over its quota, so writes are refused: \`recover-space ${cluster}\` saves a snapshot, compacts, defragments each member, and takes the alarm back.`;
}

function withoutQuorum({ look, silent, cluster, newestSnapshotAge }: Sights): string {
  const intact = silent.filter(isIntact);
  const { answering, needed } = look.quorum;
  if (answering >= needed)
    return 'Enough members answer but they have no leader: look at the network between them and at their clocks, and wait for an election, before anything else.';
  if (answering + intact.length >= needed) {
    const stopped = intact.filter((sight) => !isRunning(sight));
    if (stopped.length === 0) return `${plural(silent.length, 'member')} silent: ${runningSentence(intact)}`;
    return `${plural(silent.length, 'member')} down, the data of ${names(stopped)} is intact: \`${startCommand(cluster, stopped, silent)}\` starts etcd there; nothing is lost.`;
  }
  const unseen = silent.filter((sight) => !sight.reachable);
  if (answering + intact.length + unseen.length >= needed) {
    return `Bring ${names(unseen)} back first (${reasons(unseen)}), then \`start ${cluster}\`: if the data there is intact, nothing is lost. Only if that cannot be done: ${waysBack(cluster, newestSnapshotAge)}`;
  }
  const gone = names(silent.filter((sight) => sight.reachable && !sight.dataIntact));
  return `Quorum cannot come back by itself: the data of ${gone} is gone. ${capital(waysBack(cluster, newestSnapshotAge))}`;
}

/** What is left when starting is not enough: people choose, and see what each way loses. */
function waysBack(cluster: string, age: string | undefined): string {
  const snapshot = age === undefined ? `there is no snapshot of ${cluster} to fall back on` : `the newest snapshot is ${age} old`;
  return `\`recover-quorum ${cluster}\` shows the ways back and what each loses; ${snapshot}.`;
}

function minorityDown(silent: readonly HostSight[], cluster: string): string {
  const intact = silent.filter(isIntact);
  const stopped = intact.filter((sight) => !isRunning(sight));
  if (stopped.length > 0)
    return `\`${startCommand(cluster, stopped, silent)}\` starts etcd on ${names(stopped)}: the data is ${failedOf(stopped) === undefined ? 'intact' : 'there'}, nothing is lost.${afterFailure(stopped, cluster)}`;
  if (intact.length > 0) return runningSentence(intact);
  const unseen = silent.filter((sight) => !sight.reachable);
  if (unseen.length > 0)
    return `Look at ${names(unseen)}: ${reasons(unseen)}. Writes go on without it. If it does not come back: \`replace-member ${cluster} ${unseen[0]?.member}\`.`;
  return `The data of ${names(silent)} is gone: \`replace-member ${cluster} ${silent[0]?.member}\`${silent.length > 1 ? ', then the next' : ''}. Writes go on meanwhile.`;
}

function failedOf(stopped: readonly HostSight[]): HostSight | undefined {
  return stopped.find((sight) => sight.reachable && sight.unit === 'failed');
}

/** A unit that failed was started and could not run: that its data-dir is there does not say that it can be read. */
function afterFailure(stopped: readonly HostSight[], cluster: string): string {
  const failed = failedOf(stopped);
  if (failed === undefined) return '';
  return ` It has failed before (\`journalctl -u etcd\` on ${failed.member}): when it fails again, \`replace-member ${cluster} ${failed.member}\`.`;
}

/** etcd runs and does not answer: starting it would do nothing. */
function runningSentence(sights: readonly HostSight[]): string {
  return `etcd runs on ${names(sights)} and does not answer: look at its log there (\`journalctl -u etcd\`), its certificate and the network before anything else.`;
}

/** The member is named where it is the only one, or where others that are down cannot be started. */
function startCommand(cluster: string, stopped: readonly HostSight[], silent: readonly HostSight[]): string {
  return stopped.length === 1 && silent.length === 1 ? `start ${cluster} ${stopped[0]?.member}` : `start ${cluster}`;
}

function isIntact(sight: HostSight): boolean {
  return sight.reachable && sight.dataIntact;
}

function isRunning(sight: HostSight): boolean {
  return sight.reachable && ['active', 'activating', 'reloading'].includes(sight.unit);
}

function names(sights: readonly HostSight[]): string {
  return list(sights.map(({ member }) => member));
}

function reasons(sights: readonly HostSight[]): string {
  return sights.map((sight) => (sight.reachable ? sight.unit : sight.because)).join('; ');
}

function capital(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}
