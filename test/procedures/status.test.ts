import { describe, expect, it } from 'vitest';
import { status } from '../../src/procedures/status.ts';
import { fakeWorld } from '../fakes/world.ts';

const ask = (world: ReturnType<typeof fakeWorld>) => status.answer({}, world);

function hostOf(world: ReturnType<typeof fakeWorld>, name: string) {
  const host = world.hosts.find(({ member }) => member === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

describe('status', () => {
  it('names the members that do not answer, with the reason and what is on their hosts', async () => {
    const world = fakeWorld();
    world.loseData('etcd02');
    world.machine('etcd03').unit.active = false;

    const answer = await ask(world);

    const sentences = answer.parts.flatMap((part) => (part.type === 'sentence' ? [part.text] : []));
    expect(sentences[0]).toBe(
      'etcd02 does not answer at https://198.51.100.2:2379: connection refused. On its host etcd’s unit is inactive, and its data-dir is missing or empty.'.replace(
        '’',
        "'",
      ),
    );
    expect(sentences[1]).toContain('etcd03 does not answer');
    expect(sentences[1]).toContain('its data-dir is there');
    expect(answer.next).toContain('etcd03 is intact: `start demo` starts etcd there');
  });

  it('says what a run that was cut has left on the hosts', async () => {
    const world = fakeWorld();
    for (const member of ['etcd01', 'etcd02', 'etcd03']) Object.assign(world.machine(member).unit, { active: false, masked: true });
    world.machine('etcd02').files.set('/data/etcd/data.restore-demo-7f3a9c.snapshot', 'sha');

    const answer = await ask(world);

    expect(answer.parts).toContainEqual({
      type: 'sentence',
      text: expect.stringContaining('Beside it: /data/etcd/data.restore-demo-7f3a9c.snapshot.'),
    });
    expect(answer.next).toContain('etcd is masked on etcd02, where restore-demo-7f3a9c has left data');
  });

  it('answers although a host hangs', async () => {
    const world = fakeWorld();
    world.loseData('etcd03');
    const third = hostOf(world, 'etcd03');
    third.unit = () => new Promise(() => undefined);

    const answer = await ask(world);

    expect(answer.parts).toContainEqual({
      type: 'sentence',
      text: expect.stringContaining('no answer over ssh within 8 s, though it is up'),
    });
  });

  it('waits no longer for a host that may be off than for its member', async () => {
    const world = fakeWorld();
    world.loseData('etcd03');
    const third = hostOf(world, 'etcd03');
    third.unit = () => new Promise(() => undefined);
    const look = world.etcd.look.bind(world.etcd);
    const etcd = {
      ...world.etcd,
      look: async () => {
        const seen = await look();
        return { ...seen, endpoints: seen.endpoints.map((one) => (one.answers ? one : { ...one, code: 'timeout' as const })) };
      },
    };

    const answer = await status.answer({}, { ...world, etcd });

    expect(answer.parts).toContainEqual({ type: 'sentence', text: expect.stringMatching(/no answer over ssh within 2 s\.$/) });
  });

  it('waits longer for a host that is up and slow', async () => {
    const world = fakeWorld();
    world.loseData('etcd03');
    const third = hostOf(world, 'etcd03');
    const unit = third.unit.bind(third);
    const answersAt = world.clock.now().getTime() + 5_000;
    third.unit = async () => {
      while (world.clock.now().getTime() < answersAt) await new Promise((resolve) => setImmediate(resolve));
      return unit();
    };

    const answer = await ask(world);

    expect(answer.parts).toContainEqual({ type: 'sentence', text: expect.stringContaining("On its host etcd's unit is") });
  });

  it('remembers the highest revision it saw', async () => {
    const world = fakeWorld();

    await ask(world);

    expect((await world.ledger.highest())?.revision).toBe(7n);
  });
});
