/** What must work at every site: a restore and a replacement, each to its end, with nothing left behind but what the report says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../../src/procedures/backup.ts';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { restore } from '../../src/procedures/restore.ts';
import { undo } from '../../src/procedures/undo.ts';
import { createLab } from '../lab/lab.ts';
import type { EtcdVersion, Lab, SiteName } from '../lab/lab.ts';
import { createCrew } from './carry-out.ts';
import type { Crew } from './carry-out.ts';
import { dataOf, expectCompleted, expectTidy, neighboursOf, othersServe, settingsAt, storedEverywhere } from './looking.ts';

export interface SiteCase {
  readonly etcd?: EtcdVersion;
  /** The file in which the settings of the cluster are changed. */
  readonly settings: string;
  /** What else is at work on the hosts: a script of root's. */
  readonly beside?: string;
  readonly long?: true;
  /** Also undoes a restore, and recovers the quorum from a stopped member's database. */
  readonly thorough?: true;
}

/** Declares the tests of a site. */
export function describeSite(site: SiteName, { etcd = '3.5', settings, beside, long, thorough }: SiteCase): void {
  describe(`the site ${site}, on etcd ${etcd}`, long === true ? { tags: ['long'] } : {}, () => {
    let lab: Lab;
    let crew: Crew;
    let neighbours: readonly string[];
    beforeAll(async () => {
      lab = await createLab({ name: `s-${site}`, etcd, members: 3, site });
      crew = await createCrew(lab);
      if (beside !== undefined) await Promise.all(lab.hosts.map(({ exec }) => exec(['sh', '-euc', beside])));
      neighbours = await neighboursOf(lab);
    });
    afterAll(async () => {
      await crew?.close();
      await lab?.down();
    });

    it('restores a backup after two of three members lost their data', async () => {
      await lab.etcdctl(['put', '/name/1', 'saved']);
      expectCompleted(await crew.carryOut(backup));
      await lab.etcdctl(['put', '/name/2', 'too late']);
      await Promise.all(['etcd02', 'etcd03'].map((name) => lab.host(name).fault('lose-data')));

      const restored = await crew.carryOut(restore);

      expectCompleted(restored);
      expect(await storedEverywhere(lab, '/name/1')).toEqual(['saved', 'saved', 'saved']);
      expect(await storedEverywhere(lab, '/name/2')).toEqual(['', '', '']);
      for (const host of lab.hosts) {
        const text = await settingsAt(host, settings);
        expect(text, host.name).toMatch(/initial.cluster.state\W+existing\b/i);
        expect(text, host.name).toMatch(new RegExp(`initial.cluster.token\\W+\\S+-${restored.run.slice(-6)}\\b`, 'i'));
      }
      await expectTidy(lab, restored, lab.hosts);
      expect(await neighboursOf(lab)).toEqual(neighbours);
    });

    it('replaces a member whose database is spoiled', async () => {
      const third = lab.host('etcd03');
      await lab.etcdctl(['put', '/name/3', 'joined']);
      await third.fault('corrupt-data');
      await third.fault('start-etcd');
      await othersServe(lab, third);

      const replaced = await crew.carryOut(replaceMember, { member: third.name });

      expectCompleted(replaced);
      expect(await storedEverywhere(lab, '/name/3')).toEqual(['joined', 'joined', 'joined']);
      expect(await settingsAt(third, settings)).toMatch(/initial.cluster.state\W+existing\b/i);
      await expectTidy(lab, replaced, [third]);
      expect(await neighboursOf(lab)).toEqual(neighbours);
    });

    it.runIf(thorough)('undoes a restore', { tags: ['long'] }, async () => {
      await lab.etcdctl(['put', '/name/4', 'saved']);
      expectCompleted(await crew.carryOut(backup));
      await lab.etcdctl(['put', '/name/4', 'too late']);
      const before = await dataOf(lab);
      const restored = await crew.carryOut(restore, { 'while-healthy': true });
      expectCompleted(restored);
      expect(await storedEverywhere(lab, '/name/4')).toEqual(['saved', 'saved', 'saved']);

      const undoing = await crew.carryOut(undo, { run: restored.run });

      expectCompleted(undoing);
      expect(await storedEverywhere(lab, '/name/4')).toEqual(['too late', 'too late', 'too late']);
      expect(await dataOf(lab)).toEqual(before);
      for (const host of lab.hosts) expect(await settingsAt(host, settings), host.name).not.toMatch(new RegExp(restored.run.slice(-6)));
      await expectTidy(lab, undoing, lab.hosts);
    });

    it.runIf(thorough)('recovers the quorum from the database of a member that is stopped', { tags: ['long'] }, async () => {
      await lab.etcdctl(['put', '/name/5', 'in no backup']);
      await Promise.all(['etcd02', 'etcd03'].map((name) => lab.host(name).fault('lose-data')));
      await lab.host('etcd01').fault('stop-etcd');

      const recovered = await crew.carryOut(recoverQuorum, { source: 'survivor' });

      expectCompleted(recovered);
      expect(await storedEverywhere(lab, '/name/5')).toEqual(['in no backup', 'in no backup', 'in no backup']);
      await expectTidy(lab, recovered, lab.hosts);
    });
  });
}
