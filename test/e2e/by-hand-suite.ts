/** Ends runs unfinished on real hosts, types what they say at their end, and looks whether the cluster is as it was. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { viewOf } from '../../src/engine/view.ts';
import type { ConfigurationStyle, LabHost, LabOptions } from '../lab/lab.ts';
import { createGround } from './hand-run.ts';
import type { Carried, Ground, Order } from './hand-run.ts';
import { settleBy } from './own-settings.ts';
import { markedBlock } from './runbook-plans.ts';
import { commandsToldBy, typeAll } from './typed-by-hand.ts';

/** One way for a run to end unfinished. */
export interface Row extends Pick<Order, 'input' | 'stop' | 'way'> {
  /** After *when it …*. */
  readonly when: string;
  /** Done to the cluster first. */
  readonly first?: (ground: Ground) => Promise<void>;
  /** What the text must hold. */
  readonly says?: RegExp;
  /** What it must not. */
  readonly neverSays?: RegExp;
  /** The run that the text names to go on with, where typing alone does not bring all back. */
  readonly goesOn?: { readonly word: RegExp; readonly order: Order };
  /** A host that could not be asked, and the marked block of the procedure's page that is typed there afterwards. */
  readonly page?: { readonly host: string; readonly block: string };
  /** Part of `npm test`. */
  readonly quick?: boolean;
}

interface Suite {
  readonly procedure: string;
  readonly lab: LabOptions;
  /** Hosts whose etcd has its settings elsewhere. */
  readonly styles?: Readonly<Record<string, ConfigurationStyle>>;
  /** Once the cluster is there: what the procedure needs. */
  readonly prepare: (ground: Ground) => Promise<void>;
  readonly rows: readonly Row[];
}

const ownFile = '/etc/systemd/system/etcd.service';
/** What a person who was told nothing of it would stumble over. */
const tidy = `rm -rf /data/etcd/data.* ${ownFile}.before-* /etc/etcd/*.before-* /etc/default/etcd.before-*`;

/** Declares a test for each row. */
export function describeByHand({ procedure, lab, styles = {}, prepare, rows }: Suite): void {
  describe(`${procedure}, gone back from by hand`, () => {
    let ground: Ground;
    let isFresh = false;
    beforeAll(async () => {
      ground = await createGround(lab);
    });
    afterAll(() => ground?.down());
    beforeEach(async () => {
      if (!isFresh) {
        await ground.lab.resetCluster();
        for (const [host, style] of Object.entries(styles)) await settleBy(ground.lab, host, style);
        await prepare(ground);
      }
      isFresh = false;
    });

    for (const [nth, row] of rows.entries())
      it(`is as before when it ${row.when}`, { tags: row.quick === true ? [] : ['long'] }, async () => {
        await ground.lab.etcdctl(['put', '/name/1', `before row ${nth}`]);
        const before = await Promise.all(ground.lab.hosts.map(standing));
        await row.first?.(ground);

        const { view, entries } = await ground.carry({ procedure, ...row });
        for (const { isOn, fault } of ground.lab.hosts) if (!(await isOn())) await fault('power-on');
        const told = commandsToldBy(view, entries);
        await typeAll(ground.lab, told);
        if (row.page !== undefined) {
          expect(view.conclusion).toContain(`docs/runbooks/${procedure}.md`);
          const block = markedBlock(procedure, row.page.block);
          await ground.lab.host(row.page.host).exec(['sh', '-euc', `R=${view.run.runId}; DIR=/data/etcd/data\n${block}`]);
        }
        if (row.goesOn !== undefined) {
          expect(view.conclusion).toMatch(row.goesOn.word);
          const next = (await ground.carry(row.goesOn.order)).view;
          expect(next.outcome, `${view.conclusion}\n${next.conclusion}`).toBe('completed');
        }

        const said = `${view.conclusion}`;
        if (row.says !== undefined) expect(said).toMatch(row.says);
        if (row.neverSays !== undefined) expect(said).not.toMatch(row.neverSays);
        await ground.lab.waitHealthy();
        for (const { clientUrl, name } of ground.lab.hosts) {
          const { stdout } = await ground.lab.etcdctl(['get', '/name/1', '--print-value-only', '--consistency=s'], {
            endpoints: [clientUrl],
          });
          expect(stdout, `${name} after\n${said}`).toBe(`before row ${nth}`);
        }
        const isConfigured = settled({ view, entries }, 'configure') || settled({ view, entries }, 'add-members-back');
        for (const [index, host] of ground.lab.hosts.entries()) {
          const now = await standing(host);
          const was = before[index];
          expect({ ...now, ownFile: '' }, `${host.name} after\n${said}`).toEqual({ ...was, ownFile: '' });
          if (!isConfigured && row.goesOn === undefined) expect(now.ownFile).toBe(was?.ownFile);
          await host.exec(['sh', '-c', tidy]);
        }
        isFresh = row.goesOn === undefined && row.page === undefined;
      });
  });
}

/** Whether a step of the run has ended well. */
function settled({ view, entries }: Carried, stepId: string): boolean {
  return viewOf(view.run, entries).steps.some(({ id, state }) => id === stepId && (state === 'done' || state === 'already-true'));
}

/** How a host's unit stands, what its own unit file says, and what of etcd's runs there. */
async function standing({ exec }: LabHost) {
  const shown = await exec([
    'systemctl',
    'show',
    'etcd',
    '-p',
    'LoadState,ActiveState,UnitFileState,FragmentPath,NeedDaemonReload,DropInPaths',
  ]);
  const own = await exec(['sh', '-c', `test ! -e ${ownFile} || cat ${ownFile}`]);
  const beside = await exec([
    'sh',
    '-c',
    'find /etc/systemd/system/etcd.service.* /run/systemd/system/etcd.service* ! -type d 2>/dev/null || true',
  ]);
  const processes = await exec(['sh', '-c', 'ps -eo comm= | grep -c etcd']);
  return {
    unit: shown.stdout,
    ownFile: own.stdout,
    beside: beside.stdout.replaceAll(/\S*before-\S*\n?/g, '').trim(),
    processes: processes.stdout,
  };
}
