/** The tests of a replacement on the same host, for one version of etcd. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { playReplaceMember } from '../demo/stories/replace-member.ts';
import type { EtcdVersion } from '../lab/lab.ts';
import { clickCard, startRun, waitFor, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from './open-runs.ts';
import { othersServe } from './others-serve.ts';
import { approveAll, membersOf, saidBy, storedBy, votersOf } from './replacing.ts';

/** Where each style has its settings; the first is that of the first test, too. */
const styles = [
  { style: 'environment-file', file: '/etc/default/etcd' },
  { style: 'flags', file: '/etc/systemd/system/etcd.service' },
  { style: 'config-file', file: '/etc/etcd/etcd.conf.yml' },
] as const;

/** Declares them. */
export function describeReplacement(etcd: EtcdVersion): void {
  describe(`replace-member on etcd ${etcd}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await createStage({ name: `e2e-replace-${etcd.replace('.', '')}`, etcd });
      await stage.start();
    });
    afterAll(() => stage.down());
    afterEach(() => endOpenRuns(stage));

    it('puts a new member in the place of one whose data is spoiled, while writes go on, and deletes what was put aside', async () => {
      const came = await playReplaceMember(stage, () => undefined);

      expect(came).toBe(true);
      expect((await stage.lab.host('etcd03').exec(['sh', '-c', 'ls -d /data/etcd/data*'])).stdout).toBe('/data/etcd/data');
    });

    for (const { style, file } of styles) {
      it(`joins a member that is configured by ${style}, shows what it changed there, and leaves the token`, { tags: 'long' }, async () => {
        await stage.lab.resetCluster();
        const third = stage.lab.host('etcd03');
        await third.configureBy(style);
        await stage.lab.etcdctl(['put', '/name/1', style]);
        await third.fault('lose-data');
        await othersServe(stage, third.name);
        const before = await third.exec(['cat', file]);

        const view = await approveAll(stage, await startRun(stage, 'replace-member demo etcd03'));

        const after = (await third.exec(['cat', file])).stdout;
        const kept = (await third.exec(['sh', '-c', 'ls -d "$1"*before-*', 'ls', file])).stdout.split('\n')[0] ?? '';
        const tokens = (text: string) => [...text.matchAll(/cluster-token.*/gi)].map(([line]) => line);
        expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
        expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
        expect(await storedBy(stage, third.clientUrl, '/name/1')).toBe(style);
        expect(saidBy(view, 'configure')).toMatch(/existing/);
        expect(after).toMatch(/state\W+existing/i);
        expect(tokens(after)).toEqual(tokens(before.stdout));
        expect((await third.exec(['cat', kept])).stdout).toBe(before.stdout);
      });
    }

    it('keeps the old data-dir when its deletion is declined, and says where', { tags: 'long' }, async () => {
      await stage.lab.resetCluster();
      const third = stage.lab.host('etcd03');
      await stage.lab.etcdctl(['put', '/name/1', 'kept']);
      await third.fault('stop-etcd');
      await othersServe(stage, third.name);

      const refused = await waitForEnd(stage, await startRun(stage, 'replace-member demo etcd03'));
      const run = await startRun(stage, 'replace-member demo etcd03 --discard-data');
      await clickCard(stage, await waitForGate(stage, run, 'remove-member'), 'approve');
      const view = await approveAll(stage, run);

      expect(refused).toMatchObject({ outcome: 'failed', conclusion: expect.stringContaining('`start demo etcd03` loses nothing') });
      expect(view).toMatchObject({ outcome: 'completed', conclusion: expect.stringContaining(`/data/etcd/data.${run}.old`) });
      expect((await third.exec(['ls', `/data/etcd/data.${run}.old/member`])).stdout).toBe('snap\nwal');
      expect(await storedBy(stage, third.clientUrl, '/name/1')).toBe('kept');
    });

    it('does not remove a member that comes back while the card waits', async () => {
      await stage.lab.resetCluster();
      const third = stage.lab.host('etcd03');
      await third.fault('stop-etcd');
      await othersServe(stage, third.name);
      const run = await startRun(stage, 'replace-member demo etcd03 --discard-data');
      const gate = await waitForGate(stage, run, 'remove-member');
      const before = await membersOf(stage);

      await third.fault('start-etcd');
      await stage.lab.waitHealthy();
      await clickCard(stage, gate, 'approve');
      const view = await waitFor(stage, run, ({ openGate }) => openGate?.kind === 'failure');

      const settled = (await stage.runs.journal(run)).find((entry) => entry.type === 'gate-settled');
      expect(view.openGate?.reason).toMatch(/etcd03 \([0-9a-f]+\) answers/);
      expect(settled).toMatchObject({ outcome: 'voided' });
      expect(await membersOf(stage)).toEqual(before);
      expect((await third.exec(['systemctl', 'is-active', 'etcd'])).stdout).toBe('active');
    });

    it('replaces a member that serves and leads only with --healthy, and hands leadership on first', { tags: 'long' }, async () => {
      await stage.lab.resetCluster();
      const third = stage.lab.host('etcd03');
      const list = (await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json'])).stdout;
      const statuses = JSON.parse(list) as { Endpoint: string; Status: { header: { member_id: number }; leader: number } }[];
      const id = /"member_id":(\d+)/.exec(list.slice(list.indexOf(third.clientUrl)))?.[1] ?? '';
      const leader = statuses[0]?.Status.leader;
      const leading = statuses.find(({ Status }) => Status.header.member_id === leader)?.Endpoint ?? '';
      if (leading !== third.clientUrl) await stage.lab.etcdctl(['move-leader', BigInt(id).toString(16)], { endpoints: [leading] });

      const refused = await waitForEnd(stage, await startRun(stage, 'replace-member demo etcd03'));
      const run = await startRun(stage, 'replace-member demo etcd03 --healthy');
      const gate = await waitForGate(stage, run, 'remove-member');
      const view = await approveAll(stage, run);

      expect(refused).toMatchObject({ outcome: 'failed', conclusion: expect.stringContaining('--healthy') });
      expect(
        gate.plan.map(({ argv }) => argv).map((argv) => argv.filter((word) => /move-leader|^remove$|^mask$|^stop$/.test(word)).join()),
      ).toEqual(expect.arrayContaining(['move-leader', 'remove']));
      expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
      expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
    });
  });
}
