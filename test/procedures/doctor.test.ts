/** The question `doctor`, on a cluster in memory. */
import { describe, expect, it } from 'vitest';
import { saying } from '../../src/checkup/check.ts';
import { doctor, lookEverywhere } from '../../src/procedures/doctor.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { quorumLost } from './restorable.ts';

const ask = async (world: FakeWorld) => await doctor.answer({}, world);
const text = ({ headline, parts, next = '' }: Awaited<ReturnType<typeof ask>>) =>
  [headline, ...parts.map((part) => (part.type === 'table' ? '' : part.text)), next].join('\n');

function backedUp(world = fakeWorld()): FakeWorld {
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data !== undefined) world.snapshots.keep(data, new Date(world.clock.now().getTime() - 60_000));
  return world;
}

describe('doctor', () => {
  it('says in few words what is good', async () => {
    const said = text(await ask(backedUp()));

    expect(said).toMatch(/^demo: nothing wrong; 1 worth a look, \d+ good, 1 not looked at\./);
    expect(said).toMatch(
      /^etcd02: etcd, ssh, program, allowed, unit, settings, data-dir, other etcds, tools, room, name, member list, ports, certificates, clock$/m,
    );
    expect(said).toContain('`etcd-medic doctor demo` on the bot');
  });

  it('says a line for each thing that needs somebody, what is wrong first', async () => {
    const world = backedUp();
    world.machine('etcd02').seen = { strangers: [9] };
    world.machine('etcd03').powered = false;
    world.bot.surroundings = async () => [saying('Redis').wrong('eviction', 'It evicts.', 'Set it to noeviction.')];

    const lines = text(await ask(world)).split('\n');

    expect(lines).toEqual(
      expect.arrayContaining([
        'Wrong: Redis: It evicts. Set it to noeviction.',
        'Wrong: etcd02: An etcd runs there that is of no entry of host.json (pid 9). Stop it, or run the kit for its unit too: then it is known and left alone.',
        expect.stringMatching(/^Wrong: etcd03: etcd03 does not answer over ssh/),
        'Not looked at: etcd03: What lies on the host, its tools, settings, ports and certificates.',
      ]),
    );
    expect(lines.findIndex((line) => line.startsWith('Wrong'))).toBeLessThan(lines.findIndex((line) => line.startsWith('Worth')));
  });

  it('reads the newest backup from end to end', async () => {
    const world = backedUp();
    world.snapshots.check = async () => ({ holds: false, because: 'Its SHA-256 differs.' });

    expect(await lookEverywhere(world)).toEqual(
      expect.arrayContaining([expect.objectContaining({ about: 'backups', id: 'newest', grade: 'wrong' })]),
    );
  });

  it('looks at hosts and backups of a cluster that serves nobody', async () => {
    const world = quorumLost();
    world.machine('etcd01').unit.active = false;

    const checks = await lookEverywhere(world);

    expect(checks.filter(({ id }) => id === 'tools').map(({ grade }) => grade)).toEqual(['good', 'good', 'good']);
    expect(checks.find(({ id }) => id === 'quorum')).toMatchObject({ grade: 'wrong' });
    expect(checks.filter(({ id }) => id === 'room').map(({ grade }) => grade)).toEqual(['good', 'good', 'good', 'good']);
    expect(world.effects.log).toEqual([]);
  });
});
