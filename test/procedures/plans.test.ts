/** What `--plan` shows of the hosts: each step as if those before it had been done. */
import { describe, expect, it } from 'vitest';
import { renderCommand } from '../../src/engine/command.ts';
import type { Procedure } from '../../src/procedures/procedure.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { v2Backup } from '../../src/procedures/v2-backup.ts';
import { fakeRun } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { oneStopped } from './lost-quorum.ts';
import * as replacing from './replacing.ts';
import { quorumLost } from './restorable.ts';
import { input as undoInput, restoredWhileHealthy } from './undoable.ts';

/** The commands on hosts, by step. */
async function plansOf(procedure: Procedure, world: FakeWorld, input: Record<string, unknown> = {}): Promise<Record<string, string[]>> {
  const run = fakeRun({ procedure, world, input, mode: 'plan' });
  await run.toEnd(() => undefined);
  expect(world.effects.log).toEqual([]);
  return Object.fromEntries(
    run.entries.flatMap((entry) => {
      const commands = entry.type === 'step-settled' ? (entry.plan ?? []).filter(({ on }) => on !== 'bot') : [];
      return entry.type === 'step-settled' && commands.length > 0 ? [[entry.stepId, commands.map(renderCommand)]] : [];
    }),
  );
}

const dir = '/data/etcd/data';

describe('--plan', () => {
  it('restore: all stops before all renames, then starts, and in the end the deletion', async () => {
    const plans = await plansOf(restore, quorumLost());
    const own = `${dir}.restore-demo-7f3a9c`;

    expect(Object.keys(plans)).toEqual(['hand-out', 'restore-aside', 'replace-data', 'start', 'configure', 'clean-up', 'delete-old-data']);
    expect(plans['restore-aside']).toHaveLength(3);
    expect(plans['replace-data']).toEqual([
      'etcd01$ systemctl mask etcd',
      'etcd01$ systemctl stop etcd',
      'etcd02$ systemctl mask etcd',
      'etcd03$ systemctl mask etcd',
      `etcd01$ mv ${dir} ${own}.old`,
      `etcd01$ mv ${own}.new ${dir}`,
      `etcd02$ mkdir ${own}.old`,
      `etcd02$ mv ${own}.new ${dir}`,
      `etcd03$ mkdir ${own}.old`,
      `etcd03$ mv ${own}.new ${dir}`,
    ]);
    expect(plans['start']).toContain('etcd02$ systemctl unmask etcd');
    expect(plans['clean-up']).toEqual(['etcd01', 'etcd02', 'etcd03'].map((on) => `${on}$ rm -rf ${own}.snapshot`));
    expect(plans['delete-old-data']).toEqual(['etcd01', 'etcd02', 'etcd03'].map((on) => `${on}$ rm -rf ${own}.old`));
  });

  it('recover-quorum from a survivor, which nobody has copied yet: what does not need the copy is shown', async () => {
    const plans = await plansOf(recoverQuorum, await oneStopped(), { source: 'survivor' });

    expect(Object.keys(plans)).toEqual(['save-survivor', 'start', 'configure', 'delete-old-data']);
    expect(plans['start']).toContain('etcd03$ systemctl unmask etcd');
  });

  it('replace-member: stopped by the removal, so not a second time', async () => {
    const world = replacing.fresh();
    const plans = await plansOf(replaceMember, world, { member: 'etcd03', healthy: true, 'discard-data': true });

    expect(plans).toEqual({
      'remove-member': ['etcd03$ systemctl mask etcd', 'etcd03$ systemctl stop etcd'],
      'put-data-aside': [`etcd03$ mv ${dir} ${replacing.aside}`, `etcd03$ mkdir ${dir}`],
      configure: ['etcd03$ edit /etc/default/etcd existing'],
      start: ['etcd03$ systemctl unmask etcd', 'etcd03$ systemctl start etcd'],
      'delete-old-data': [`etcd03$ rm -rf ${replacing.aside}`],
    });
  });

  it('undo: the data of the run goes aside, what it had moved goes back', async () => {
    const plans = await plansOf(undo, await restoredWhileHealthy(), undoInput);
    const stops = ['etcd01', 'etcd02', 'etcd03'].flatMap((on) => [`${on}$ systemctl mask etcd`, `${on}$ systemctl stop etcd`]);

    expect(plans['put-back']?.slice(0, 6)).toEqual(stops);
    expect(plans['put-back']?.slice(6, 8)).toEqual([
      `etcd01$ mv ${dir} ${dir}.undo-demo-aaaaaa.old`,
      `etcd01$ mv ${dir}.restore-demo-7f3a9c.old ${dir}`,
    ]);
    expect(plans['start']).toHaveLength(6);
  });

  it('v2-backup: what is made is copied and removed', async () => {
    const plans = await plansOf(v2Backup, fakeWorld({ run: 'v2-backup-demo-7f3a9c' }));

    expect(Object.keys(plans)).toEqual(['make-backup', 'copy-off', 'clean-up']);
  });
});
