import { describe, expect, it } from 'vitest';
import { hashesAgree, looksAgree } from '../../src/etcd/agree.ts';
import type { ClusterLook } from '../../src/etcd/etcd.ts';
import { quorumOf } from '../../src/etcd/quorum.ts';
import { ClusterId, MemberId } from '../../src/ids.ts';
import { answers, hashOf, members, silent } from './rows.ts';

function lookOf(endpoints: ClusterLook['endpoints'], alarms: ClusterLook['alarms'] = []): ClusterLook {
  return { endpoints, members: members(3), alarms, quorum: quorumOf(endpoints, members(3)), revision: 7n };
}

describe('members-agree', () => {
  it('holds when all answer with one leader, one term and no alarm', () => {
    expect(looksAgree(lookOf([answers(1), answers(2), answers(3)]))).toEqual({ holds: true, note: 'etcd01 leads.' });
  });

  it.each([
    [
      'a silent member',
      lookOf([answers(1), answers(2), silent(3)]),
      'etcd03 (https://10.0.0.33:2379) does not answer: connection refused.',
    ],
    [
      'another cluster',
      lookOf([answers(1), answers(2), answers(3, { clusterId: ClusterId.parse('c2') })]),
      'The members differ in their cluster id: etcd01 and etcd02 at c1, etcd03 at c2.',
    ],
    [
      'another term',
      lookOf([answers(1), answers(2), answers(3, { raftTerm: 5n })]),
      'The members differ in their raft term: etcd01 and etcd02 at 4, etcd03 at 5.',
    ],
    ['no leader', lookOf([answers(1), answers(2), answers(3, { leader: undefined })]), 'etcd03 knows no leader.'],
    [
      'two leaders',
      lookOf([answers(1), answers(2), answers(3, { leader: MemberId.parse('a3') })]),
      'The members follow different leaders: etcd01 follows etcd01, etcd02 follows etcd01, etcd03 follows etcd03.',
    ],
    [
      'a leader that is not configured',
      lookOf([1, 2, 3].map((number) => answers(number, { leader: MemberId.parse('ff') }))),
      'The leader ff is none of the configured members that answer.',
    ],
    [
      'an alarm',
      lookOf([answers(1), answers(2), answers(3)], [{ memberId: MemberId.parse('a2'), type: 'NOSPACE' }]),
      'The alarm NOSPACE is raised for etcd02.',
    ],
  ])('does not hold with %s', (_what, look, because) => {
    expect(looksAgree(look)).toEqual({ holds: false, because });
  });

  it('gives every reason at once', () => {
    const finding = looksAgree(
      lookOf([answers(1), answers(2, { raftTerm: 9n }), silent(3)], [{ memberId: MemberId.parse('a1'), type: 'CORRUPT' }]),
    );

    expect(finding).toMatchObject({ holds: false, because: expect.stringMatching(/etcd03.*raft term.*CORRUPT/s) as string });
  });
});

describe('hashes-agree', () => {
  it('holds when all hashes are the same', () => {
    expect(hashesAgree([hashOf(1, 0xab), hashOf(2, 0xab), hashOf(3, 0xab)])).toEqual({
      holds: true,
      note: 'All 3 members have hash ab at revision 7.',
    });
  });

  it('names who differs', () => {
    expect(hashesAgree([hashOf(1, 0xab), hashOf(2, 0xcd), hashOf(3, 0xab)])).toEqual({
      holds: false,
      because: 'The members hold different data at revision 7: etcd01 and etcd03 have ab, etcd02 has cd.',
    });
  });
});
