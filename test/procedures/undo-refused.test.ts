/** When an undo would make no cluster that serves, or would not be one: the reason, and what to do instead. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { MemberId, RunId } from '../../src/ids.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { approveAll } from '../fakes/run.ts';
import { forRun } from '../fakes/world.ts';
import { endingOf } from './ending.ts';
import { picking } from './lost-quorum.ts';
import * as replacing from './replacing.ts';
import { afterRun, fresh, recoveryRun, refusal, restoreRun, restoredAfterLoss, restoredWhileHealthy, writtenOnce } from './undoable.ts';

describe('an undo is refused', () => {
  it('where the old data is on a minority, with the path of what it is good for', async () => {
    const said = await refusal(await restoredAfterLoss('etcd02', 'etcd03'));

    expect(said).toContain('Only 1 of 3 members of demo had data when restore-demo-7f3a9c began (etcd01), and 2 are needed to serve');
    expect(said).toContain(
      'copy etcd01:/data/etcd/data.restore-demo-7f3a9c.old/member/snap/db into the backup directory of demo as NAME.db, then `restore demo --snapshot file:NAME.db --while-healthy`',
    );
  });

  it('counts data that cannot be read as none', async () => {
    const world = await restoredAfterLoss('etcd03');
    const [second] = world.hosts.slice(1);
    if (second === undefined) throw new Error('no host');
    const whole = second.restored;
    second.restored = async (part) => {
      if (part !== 'data' && part.what === 'aside') throw new OpsError('HOST_COMMAND_FAILED', 'invalid database.');
      return whole(part);
    };

    expect(await refusal(world)).toMatch(/Only 1 of 3 members.*etcd02: what is kept cannot be read: invalid database/);
  });

  it('while that run still asks whether to delete the old data', async () => {
    const world = await afterRun(await writtenOnce(), {
      procedure: restore,
      input: { 'while-healthy': true },
      answers: (gate) => (gate.stepId === 'delete-old-data' ? undefined : 'approve'),
    });

    expect(await refusal(world)).toContain('Say no there first: `reject restore-demo-7f3a9c ');
  });

  it('while that run waits for anything else', async () => {
    const world = await afterRun(await writtenOnce(), { procedure: restore, input: { 'while-healthy': true }, answers: () => undefined });

    expect(await refusal(world)).toContain('restore-demo-7f3a9c has not ended. Wait for it, or end it with `abort restore-demo-7f3a9c`');
  });

  it('when the old data was deleted', async () => {
    const world = await afterRun(await writtenOnce(), { procedure: restore, input: { 'while-healthy': true }, answers: approveAll });

    expect(await refusal(world)).toContain('is not kept any more: its last step was approved and has deleted it');
  });

  it('when somebody removed it by hand on one host', async () => {
    const world = await restoredWhileHealthy();
    world.machine('etcd02').dirs.delete('/data/etcd/data.restore-demo-7f3a9c.old');

    expect(await refusal(world)).toContain('/data/etcd/data.restore-demo-7f3a9c.old is not on etcd02 any more');
  });

  it('when the run never replaced anything', async () => {
    const world = await afterRun(await writtenOnce(), { procedure: restore, input: { 'while-healthy': true }, answers: () => 'reject' });

    expect(await refusal(world)).toContain('ended as rejected before it replaced any data');
  });

  it('when it was a recovery that only started members', async () => {
    const world = await writtenOnce(recoveryRun);
    for (const { unit } of world.site.machines.values()) unit.active = false;

    const after = await afterRun(world, { procedure: recoverQuorum, answers: picking('start') });

    expect(await refusal(after, recoveryRun)).toContain('only started members');
  });

  it('when another run has replaced the data since: that one is undone first', async () => {
    const second = RunId.parse('restore-demo-cccccc');
    const world = await afterRun(forRun(await restoredWhileHealthy(), second), { procedure: restore, input: { 'while-healthy': true } });

    expect(await refusal(world)).toMatch(
      /\/data\/etcd\/data on etcd01 is not what restore-demo-7f3a9c has put there.*What came last is undone first/,
    );
    expect(await endingOf(undo, fresh(world), { run: second })).toMatchObject({ outcome: 'completed' });
  });

  it('when a member was added since that took no part', async () => {
    const world = await restoredWhileHealthy();
    const rows = world.site.memberships.get('etcd-cluster-7f3a9c')?.members;
    rows?.set(MemberId.parse('ee'), {
      memberId: MemberId.parse('ee'),
      name: 'etcd09',
      peerUrls: ['https://198.51.100.9:2380'],
      isLearner: false,
    });

    expect(await refusal(world)).toContain('etcd09 (ee) is a member of demo now and took no part in that run');
  });

  it('when config.yaml names other members than then', async () => {
    const world = await restoredWhileHealthy();
    const members = world.cluster.members.slice(0, 2);

    const fewer = { ...world, cluster: { ...world.cluster, members }, hosts: world.hosts.slice(0, 2) };

    expect(await refusal(fewer)).toContain('etcd03 is not in config.yaml any more');
  });

  it('when the run is not known, is on another cluster, or kept nothing aside', async () => {
    const world = await restoredWhileHealthy();
    const found = world.past.get(restoreRun);
    if (found === undefined) throw new Error('no run');
    const backup = RunId.parse('backup-demo-123456');
    world.past.set(backup, { run: { ...found.run, runId: backup, procedure: 'backup' }, entries: found.entries });

    expect(await refusal(world, RunId.parse('restore-demo-ffffff'))).toContain('There is no run restore-demo-ffffff');
    expect(await refusal(world, backup)).toContain('kept no data aside');
    world.past.set(restoreRun, { ...found, run: { ...found.run, cluster: 'other' as never } });
    expect(await refusal(world)).toContain('is a run on other, not on demo');
  });

  it('when a member was replaced: a removed member never comes back', async () => {
    const replaced = RunId.parse('replace-member-demo-7f3a9c');
    const world = await afterRun(replacing.failed(), { procedure: replaceMember, input: replacing.input, answers: replacing.keepOld });

    const said = await refusal(world, replaced);

    expect(said).toContain('has removed the old member etcd03 from demo, and etcd never takes a removed member back');
    expect(said).toContain('`replace-member demo etcd03 --healthy`');
    expect(said).toContain(`${replacing.aside}/member/snap/db`);
  });

  it('when a replacement ended before the removal: a start is enough', async () => {
    const world = await afterRun(replacing.failed(), { procedure: replaceMember, input: replacing.input, answers: () => 'reject' });

    const said = await refusal(world, RunId.parse('replace-member-demo-7f3a9c'));

    expect(said).toContain('ended before etcd03 was removed: it is a member of demo as before, and its data was never moved');
    expect(said).toContain('`start demo etcd03`');
  });
});
