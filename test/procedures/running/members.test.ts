import { expect, it } from 'vitest';
import { MemberName } from '../../../src/ids.ts';
import { votesInWords } from '../../../src/procedures/running/members.ts';
import { fakeWorld } from '../../fakes/world.ts';

it('says how the votes stand, and names who gives no answer', async () => {
  const world = fakeWorld();
  const all = await world.etcd.look();
  expect(votesInWords(all)).toBe(all.quorum.sentence);
  for (const name of ['etcd02', 'etcd03']) world.machine(MemberName.parse(name)).unit.active = false;

  const one = await world.etcd.look();

  const names = votesInWords(one).slice(one.quorum.sentence.length);
  expect(names).toMatch(/^ etcd02 does not answer \(.+\); etcd03 does not answer \(.+\)\.$/);
});
