import { describe, expect, it } from 'vitest';
import { quorumOf } from '../../src/etcd/quorum.ts';
import { MemberId } from '../../src/ids.ts';
import { answers, members, silent } from './rows.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const followers = (voters: number, up: number) => numbers(voters).map((number) => (number <= up ? answers(number) : silent(number)));

describe('quorum', () => {
  it.each([
    [1, 1, true, 0, '1 of 1 voter answers: it is the only one, so its failure stops everything.'],
    [2, 2, true, 0, '2 of 2 voters answer: one more failure stops writes.'],
    [2, 1, false, 0, '1 of 2 voters answers, 2 are needed: quorum is lost and nothing can be written.'],
    [3, 3, true, 1, '3 of 3 voters answer: 1 may fail before writes stop.'],
    [3, 2, true, 0, '2 of 3 voters answer: one more failure stops writes.'],
    [3, 1, false, 0, '1 of 3 voters answers, 2 are needed: quorum is lost and nothing can be written.'],
    [4, 4, true, 1, '4 of 4 voters answer: 1 may fail before writes stop, no more than with 3 voters.'],
    [4, 2, false, 0, '2 of 4 voters answer, 3 are needed: quorum is lost and nothing can be written.'],
    [5, 4, true, 1, '4 of 5 voters answer: 1 more may fail before writes stop.'],
    [5, 5, true, 2, '5 of 5 voters answer: 2 may fail before writes stop.'],
    [3, 0, false, 0, '0 of 3 voters answer: nothing can be read or written.'],
  ])('of %i voters with %i answering', (voters, up, holds, mayFail, sentence) => {
    const quorum = quorumOf(followers(voters, up), members(voters));

    expect(quorum).toEqual({ voters, answering: up, needed: Math.floor(voters / 2) + 1, holds, mayFail, sentence });
  });

  it('does not count learners', () => {
    const quorum = quorumOf([answers(1), answers(2), answers(3, { isLearner: true })], members(3, [3]));

    expect(quorum).toMatchObject({ voters: 2, answering: 2, mayFail: 0 });
  });

  it('counts a voter that is not configured as one that does not answer', () => {
    const quorum = quorumOf([answers(1), answers(2)], members(3));

    expect(quorum).toMatchObject({ voters: 3, answering: 2, holds: true, mayFail: 0 });
  });

  it('does not count a member of another cluster on a configured address', () => {
    const quorum = quorumOf([answers(1), answers(2), answers(9)], members(3));

    expect(quorum).toMatchObject({ answering: 2, mayFail: 0 });
  });

  it('does not hold while the voters elect a leader', () => {
    const quorum = quorumOf(
      [1, 2, 3].map((number) => answers(number, { leader: undefined })),
      members(3),
    );

    expect(quorum).toMatchObject({ answering: 3, holds: false, mayFail: 0 });
    expect(quorum.sentence).toBe('3 of 3 voters answer, but they follow no common leader: nothing can be written until one is elected.');
  });

  it('does not hold when the leader that is followed does not answer', () => {
    const quorum = quorumOf([silent(1), answers(2), answers(3)], members(3));

    expect(quorum.holds).toBe(false);
    expect(quorum.sentence).toBe(
      '2 of 3 voters answer, but not the leader they follow (a1): whether writes go on cannot be seen from here.',
    );
  });

  it('does not count on a voter that answers but is cut off from the leader', () => {
    const quorum = quorumOf([answers(1), answers(2), answers(3, { leader: undefined })], members(3));

    expect(quorum).toMatchObject({ answering: 3, holds: true, mayFail: 0 });
    expect(quorum.sentence).toBe('3 of 3 voters answer, but only 2 of them follow the leader: one more failure stops writes.');
  });

  it('follows the leader of the majority, not a former one', () => {
    const former = MemberId.parse('a3');

    const quorum = quorumOf([answers(1), answers(2), answers(3, { leader: former })], members(3));

    expect(quorum).toMatchObject({ holds: true, mayFail: 0 });
  });

  it('counts the configured members when nobody gives the list', () => {
    const none = quorumOf([silent(1), silent(2), silent(3)], undefined);
    const some = quorumOf([answers(1), answers(2), silent(3)], undefined);

    expect(none).toMatchObject({ voters: 3, answering: 0, needed: 2, holds: false });
    expect(none.sentence).toBe('None of the 3 configured members answers: nothing can be read or written through them.');
    expect(some).toMatchObject({ voters: 3, answering: 2, holds: true });
    expect(some.sentence).toContain('the votes are counted by the configuration');
  });
});
