/**
 * A worker that is paused (SIGSTOP) in the middle of a step, and goes on when another has finished its run, executes not one more
 * changing command: by the log of each host's program, by the cluster, and by the run's journal.
 */
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { hostPaths } from '../lab/paths.ts';
import { waitUntil } from '../lab/wait.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { begunOn } from '../stage/host-log.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { approveAll, membersOf, storedBy, votersOf } from '../e2e/replacing.ts';
import { doneTwice } from './effects.ts';
import { recorded } from './record.ts';

const frozen = { area: 'zombie', fault: 'worker frozen (SIGSTOP) until another one had finished its run', etcd: '3.4' } as const;
const members = ['etcd01', 'etcd02', 'etcd03'] as const;
const momentWithinMs = 60_000;
const letsGoWithinMs = 60_000;

let stage: Stage;
let first: BotProcess;
let second: BotProcess | undefined;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-zombie' });
  await stage.start('bot,reports');
});
afterAll(() => stage.down());
beforeEach(async () => {
  first = await stage.start('worker');
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
});
afterEach(async () => {
  first.signal('SIGCONT');
  second ??= await stage.start('worker');
  await endOpenRuns(stage);
  for (const worker of [first, second]) await worker.kill();
  second = undefined;
});

/** The host's own file system, looked at from this machine: no command runs there, and it takes no time. */
const onHost = (member: string, path: string) => join(hostPaths(stage.lab.name, member).root, path);
const isMasked = (member: string) =>
  readlink(onHost(member, '/etc/systemd/system/etcd.service')).then(
    (to) => to === '/dev/null',
    () => false,
  );
const isThere = (member: string, path: string) =>
  lstat(onHost(member, path)).then(
    () => true,
    () => false,
  );

/** Pauses the first worker the moment that something is so on any host. */
async function pauseWhen(what: string, isSo: (member: string) => Promise<boolean>): Promise<void> {
  await waitUntil(async () => (await Promise.all(members.map(isSo))).includes(true), { for: what, withinMs: momentWithinMs, everyMs: 2 });
  first.signal('SIGSTOP');
}

/** What was begun on each host so far. */
async function changesOnHosts(): Promise<Readonly<Record<(typeof members)[number], readonly string[]>>> {
  const changesOf = async (member: string) => (await begunOn(stage.lab.host(member))).map(({ command }) => `${member}$ ${command}`);
  const [etcd01, etcd02, etcd03] = await Promise.all([changesOf('etcd01'), changesOf('etcd02'), changesOf('etcd03')]);
  return { etcd01, etcd02, etcd03 };
}

/** The lines of one process in the log of all. */
async function logOf({ pid }: BotProcess): Promise<readonly string[]> {
  return (await readFile(stage.logFile, 'utf8')).split('\n').filter((line) => line.includes(`"pid":${pid},`));
}

/** How many ssh clients a process still waits for. */
async function sessionsOf({ pid }: BotProcess): Promise<number> {
  let sessions = 0;
  for (const id of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(id)) continue;
    const stat = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '');
    if (/\((ssh)\) [^Z] (\d+) /.exec(stat)?.[2] === String(pid)) sessions += 1;
  }
  return sessions;
}

/** Lets the first go on, and waits until it has let the run go. Gives what was changed meanwhile: on the hosts, in the journal, in etcd. */
async function wake(run: RunId) {
  const [hostsBefore, journalBefore, logBefore] = [await changesOnHosts(), await stage.runs.journal(run), (await logOf(first)).length];
  const clusterBefore = await raftOf();
  first.signal('SIGCONT');
  await waitUntil(
    async () =>
      (await logOf(first)).slice(logBefore).some((line) => line.includes('run is in the hands of another worker') && line.includes(run)),
    { for: 'the first worker to let the run go', withinMs: letsGoWithinMs, everyMs: 100 },
  );
  await waitUntil(async () => (await sessionsOf(first)) === 0, { for: 'its ssh sessions to end', withinMs: letsGoWithinMs, everyMs: 100 });
  const [hostsAfter, clusterAfter] = [await changesOnHosts(), await raftOf()];
  return {
    onHosts: members.flatMap((member) => hostsAfter[member].slice(hostsBefore[member].length)),
    inJournal: (await stage.runs.journal(run)).slice(journalBefore.length),
    inEtcd: isDeepStrictEqual(clusterAfter, clusterBefore) ? [] : [clusterBefore, clusterAfter],
  };
}

/** Every write and every change of members raises one of these. */
async function raftOf() {
  const { stdout } = await stage.lab.etcdctl(['get', '/', '-w', 'json']);
  return { revision: (JSON.parse(stdout) as { header: { revision: number } }).header.revision, members: await membersOf(stage) };
}

const nothing = { onHosts: [], inJournal: [], inEtcd: [] };

describe('a worker paused in the middle of a restore', () => {
  it('right after the first change of restore-aside changes nothing when it goes on after another has finished', () =>
    recorded({ ...frozen, procedure: 'restore', where: 'after the first change of restore-aside' }, async () => {
      await waitForEnd(stage, await startRun(stage, 'backup demo'));
      for (const member of ['etcd02', 'etcd03']) await stage.lab.host(member).fault('lose-data');
      const run = await startRun(stage, 'restore demo');
      await pauseWhen('restore-aside to begin', (member) => isThere(member, `/data/etcd/data.${run}.new.part`));

      second = await stage.start('worker');
      const view = await approveAll(stage, run);
      const woken = await wake(run);

      expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
      expect(woken).toEqual(nothing);
      expect(await doneTwice(stage, run)).toEqual([]);
      expect(await valueOf(stage, '/name/1')).toBe('test');
      return { outcome: 'completed by the other; woken, it did not one thing more, on no host, in etcd, in the journal' };
    }));

  it('right after the first change of replace-data stops no member of the restored cluster when it goes on', () =>
    recorded({ ...frozen, procedure: 'restore', where: 'after the first change of replace-data' }, async () => {
      await waitForEnd(stage, await startRun(stage, 'backup demo'));
      const run = await startRun(stage, 'restore demo --while-healthy');
      const gate = await waitForGate(stage, run, 'replace-data');
      // The followers are stopped first: the stop of the leader is still to come.
      const pausing = pauseWhen('a member to be masked', isMasked);
      await clickCard(stage, gate, 'approve');
      await pausing;

      second = await stage.start('worker');
      const view = await approveAll(stage, run);
      const woken = await wake(run);

      expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
      expect(woken).toEqual(nothing);
      expect(await Promise.all(members.map(isMasked))).toEqual([false, false, false]);
      expect(await valueOf(stage, '/name/1')).toBe('test');
      return { outcome: 'completed by the other; woken, it did not one thing more, on no host, in etcd, in the journal' };
    }));
});

describe('a worker paused in the middle of a replacement', () => {
  it('between the removal and the addition changes neither members nor hosts when it goes on', () =>
    recorded({ ...frozen, procedure: 'replace-member', where: 'between the removal and the addition' }, async () => {
      await stage.lab.host('etcd03').fault('corrupt-data');
      await stage.lab.host('etcd03').exec(['systemctl', 'start', 'etcd'], { reject: false });
      const run = await startRun(stage, 'replace-member demo etcd03');
      await clickCard(stage, await waitForGate(stage, run, 'remove-member'), 'approve');
      const gate = await waitForGate(stage, run, 'put-data-aside');
      const pausing = pauseWhen('the old data to be aside', (member) => isThere(member, `/data/etcd/data.${run}.old`));
      await clickCard(stage, gate, 'approve');
      await pausing;
      const between = await membersOf(stage);

      second = await stage.start('worker');
      const view = await approveAll(stage, run);
      const woken = await wake(run);

      expect(between).toHaveLength(2);
      expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
      expect(woken).toEqual(nothing);
      expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
      expect(await storedBy(stage, stage.lab.host('etcd03').clientUrl, '/name/1')).toBe('test');
      return { outcome: 'completed by the other; woken, it did not one thing more, on no host, in etcd, in the journal' };
    }));
});
