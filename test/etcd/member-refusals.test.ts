import { describe, expect, it } from 'vitest';
import { silentVoters, whyRefused } from '../../src/etcd/member-refusals.ts';
import { together } from '../../src/etcd/look.ts';
import { MemberId } from '../../src/ids.ts';
import { answers, members, silent } from './rows.ts';

const seen = together([answers(1), answers(2), silent(3)].map((look) => ({ look, members: members(4, [4]) })));

describe('member-refusals', () => {
  it('names the voters that do not answer, but for the one that is to go', () => {
    expect(silentVoters(seen)).toEqual(['etcd03']);
    expect(silentVoters(seen, MemberId.parse('a3'))).toEqual([]);
  });

  it('says which voter is down and which versions mind', () => {
    const { message, hint, details } = whyRefused('adding of a learner', 'unhealthy', { seen, silent: ['etcd03'] });

    expect(message).toMatch(
      /^etcd refused the adding of a learner: unhealthy cluster\. etcd03 is a voter that does not answer, and etcd 3\.4, 3\.5 before 3\.5\.30/,
    );
    expect(hint).toMatch(/^Start etcd on etcd03/);
    expect(details).toEqual({ refused: 'unhealthy' });
  });

  it('says which learner is in the way', () => {
    expect(whyRefused('adding of a learner', 'too-many-learners', { seen, silent: [] }).message).toContain(
      'there is a learner already: etcd04 (a4)',
    );
  });
});
