/** What people are told to type when a run is not carried on. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/errors.ts';
import { restore } from '../../../src/procedures/restore.ts';
import { byHand, goBack } from '../../../src/procedures/restoring/by-hand.ts';
import { otherwise } from '../../fakes/otherwise.ts';
import { approveAll } from '../../fakes/run.ts';
import { fakeWorld } from '../../fakes/world.ts';
import { endingOf } from '../ending.ts';
import { quorumLost } from '../restorable.ts';

const dir = '/data/etcd/data';
const own = `${dir}.restore-demo-7f3a9c`;

describe('by hand', () => {
  it('goes back from a restore that was cut between the hosts: all renames before the first start', async () => {
    const world = quorumLost();
    otherwise(world.hosts[2], 'swap', () => Promise.reject(new OpsError('HOST_UNREACHABLE', 'etcd03 does not answer.')));

    const { summary } = await endingOf(restore, world, {}, (gate) => (gate.kind === 'failure' ? 'abort' : approveAll(gate)));

    expect(summary.slice(summary.indexOf('To start it again:'))).toBe(
      [
        'To start it again:',
        'etcd03$ systemctl unmask etcd',
        'etcd03$ systemctl start etcd',
        'To go back: `undo restore-demo-7f3a9c`; by hand:',
        `etcd01$ mv ${dir} ${own}.new`,
        `etcd01$ mv ${own}.old ${dir}`,
        `etcd02$ mv ${dir} ${own}.new`,
        `etcd02$ mv ${own}.old ${dir}`,
        'etcd01$ systemctl unmask etcd',
        'etcd01$ systemctl start etcd',
        'etcd02$ systemctl unmask etcd',
        'etcd02$ systemctl start etcd',
      ].join('\n'),
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
