/** What people are told to type when a run is not carried on. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/errors.ts';
import { restore } from '../../../src/procedures/restore.ts';
import { byHand, goBack } from '../../../src/procedures/restoring/by-hand.ts';
import { otherwise } from '../../fakes/otherwise.ts';
import { approveAll } from '../../fakes/run.ts';
import type { Answers } from '../../fakes/run.ts';
import { fakeWorld } from '../../fakes/world.ts';
import type { FakeWorld } from '../../fakes/world.ts';
import { endingOf } from '../ending.ts';
import { quorumLost } from '../restorable.ts';

const dir = '/data/etcd/data';
const own = `${dir}.restore-demo-7f3a9c`;

const whileHealthy = { 'while-healthy': true };
const abortFailures: Answers = (gate) => (gate.kind === 'failure' ? 'abort' : approveAll(gate));

/** A cluster that has its data, and a snapshot. */
function healthy(): FakeWorld {
  const world = fakeWorld();
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data to keep');
  world.snapshots.keep(data, world.clock.now());
  return world;
}

function cutAtThird(world: FakeWorld): FakeWorld {
  otherwise(world.hosts[2], 'swap', () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd03 does not answer.')));
  return world;
}

describe('by hand', () => {
  it('goes back from a restore that was cut between the hosts: all renames before the first start', async () => {
    const { summary } = await endingOf(restore, cutAtThird(healthy()), whileHealthy, abortFailures);

    expect(summary.slice(summary.indexOf('To start it again:'))).toBe(
      [
        'To start it again:',
        'etcd03$ systemctl unmask etcd',
        'etcd03$ systemctl start etcd',
        'To go back: `undo restore-demo-7f3a9c`; by hand:',
        `etcd01$ mv ${dir} ${own}.undone`,
        `etcd01$ mv ${own}.old ${dir}`,
        `etcd02$ mv ${dir} ${own}.undone`,
        `etcd02$ mv ${own}.old ${dir}`,
        'etcd01$ systemctl unmask etcd',
        'etcd01$ systemctl start etcd',
        'etcd02$ systemctl unmask etcd',
        'etcd02$ systemctl start etcd',
      ].join('\n'),
    );
  });

  it('keeps what a person went back from, also when the run is aborted after that', async () => {
    const world = cutAtThird(healthy());
    const backByHand: Answers = (gate) => {
      for (const name of ['etcd01', 'etcd02']) {
        const { dirs } = world.machine(name);
        for (const [from, to] of [
          [dir, `${own}.undone`],
          [`${own}.old`, dir],
        ] as const) {
          const moved = dirs.get(from);
          if (moved !== undefined) dirs.set(to, moved);
          dirs.delete(from);
        }
      }
      return abortFailures(gate);
    };

    const { summary } = await endingOf(restore, world, whileHealthy, (gate) =>
      gate.kind === 'failure' ? backByHand(gate) : approveAll(gate),
    );

    expect(summary).not.toContain('To go back');
    expect(world.machine('etcd01').dirs.has(`${own}.undone`)).toBe(true);
    expect(summary).toContain(`etcd01: its data is that from before this run; what the run had put in place is kept in ${own}.undone.`);
  });

  it('starts nothing where too few had data: those without would begin an empty cluster', async () => {
    const { summary } = await endingOf(restore, cutAtThird(quorumLost()), {}, abortFailures);

    expect(summary).not.toContain('systemctl start');
    expect(summary).toContain(`etcd01$ mv ${own}.old ${dir}`);
    expect(summary).toMatch(
      /etcd02 and etcd03 had no data before this run.*leave etcd stopped.*`recover-quorum demo` goes on from there\.$/,
    );
  });

  it('starts those that had data where they are enough, and names what brings in the rest', async () => {
    const world = healthy();
    world.loseData('etcd02');

    const { summary } = await endingOf(restore, cutAtThird(world), whileHealthy, abortFailures);

    expect(summary).toContain('etcd01$ systemctl start etcd');
    expect(summary).not.toContain('etcd02$ systemctl');
    expect(summary).toMatch(
      /etcd02 had no data before this run: leave etcd stopped there, `replace-member demo etcd02` brings in what is missing\.$/,
    );
  });

  it('names the page where a host does not say it', async () => {
    const world = fakeWorld();
    world.machine('etcd02').powered = false;

    const lines = await byHand(world.hosts, [{ act: 'stop' }], 'restore');

    expect(lines).toEqual([
      'etcd01$ systemctl stop etcd',
      'etcd03$ systemctl stop etcd',
      'etcd02 does not say it: etcd02 does not answer over ssh. docs/runbooks/restore.md says what is typed there.',
    ]);
  });

  it('names the page where there is nothing to go back to', async () => {
    const world = fakeWorld({ members: 1 });

    expect(await byHand(world.hosts, goBack(world.runId), 'restore')).toEqual([
      'etcd01 does not say it: etcd01: nothing of restore-demo-7f3a9c is kept. docs/runbooks/restore.md says what is typed there.',
    ]);
  });
});
