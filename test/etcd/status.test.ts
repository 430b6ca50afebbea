import { describe, expect, it } from 'vitest';
import { alarmsOf, memberIdOf, statusOf } from '../../src/etcd/status.ts';
import { statusOf as row } from './rows.ts';

describe('status', () => {
  it('prints member ids as etcdctl does, also those beyond the safe integers', () => {
    expect(memberIdOf('13446208357084833212')).toBe('ba9a87427bee25bc');
  });

  it('keeps revisions beyond the safe integers', () => {
    const header = { cluster_id: '1', member_id: '2', revision: '9223372036854775807', raft_term: '3' };

    const status = statusOf({
      header,
      version: '3.4.23',
      dbSize: '10',
      dbSizeInUse: '5',
      leader: '0',
      raftIndex: '1',
      raftTerm: '3',
      raftAppliedIndex: '1',
      errors: [],
      isLearner: false,
    });

    expect(status).toMatchObject({ revision: 9_223_372_036_854_775_807n, leader: undefined });
  });

  it('reads the alarms out of the errors, and nothing else', () => {
    const errors = ['etcdserver: no leader', 'memberID:13446208357084833212 alarm:NOSPACE ', 'memberID:1  alarm:CORRUPT', 'alarm:CORRUPT '];

    expect(alarmsOf(row('a1', { errors }))).toEqual([
      { memberId: 'ba9a87427bee25bc', type: 'NOSPACE' },
      { memberId: '1', type: 'CORRUPT' },
      { memberId: '0', type: 'CORRUPT' },
    ]);
  });
});
