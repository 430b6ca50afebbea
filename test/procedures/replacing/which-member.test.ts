import { describe, expect, it } from 'vitest';
import type { MemberRow } from '../../../src/etcd/etcd.ts';
import { MemberId, MemberName } from '../../../src/ids.ts';
import { meantBy } from '../../../src/procedures/replacing/which-member.ts';

const configured = { name: MemberName.parse('etcd03'), peerUrl: 'https://10.0.0.33:2380' };

function row(id: string, name: string, url: string, isLearner = false): MemberRow {
  return { memberId: MemberId.parse(id), name, peerUrls: [`https://${url}:2380`], clientUrls: [], isLearner };
}
const others = [row('a1', 'etcd01', '10.0.0.31'), row('a2', 'etcd02', '10.0.0.32')];

describe('the member that is meant', () => {
  it.each([
    ['the voter of that name and peer URL', [row('a3', 'etcd03', '10.0.0.33')], 'a3', undefined],
    ['nobody when it is not a member any more', [], undefined, undefined],
    ['the voter of that name at another peer URL: its host is gone', [row('a3', 'etcd03', '10.0.0.99')], 'a3', undefined],
    ['the voter at that peer URL that never started', [row('a3', '', '10.0.0.33')], 'a3', undefined],
    ['a learner at that peer URL that never started', [row('b3', '', '10.0.0.33', true)], undefined, 'b3'],
    ['a learner of that name', [row('b3', 'etcd03', '10.0.0.33', true)], undefined, 'b3'],
    [
      'the old voter and the learner that is to follow it',
      [row('a3', 'etcd03', '10.0.0.99'), row('b3', '', '10.0.0.33', true)],
      'a3',
      'b3',
    ],
  ])('is %s', (_, rows, old, learner) => {
    const meant = meantBy([...others, ...rows], configured);

    expect([meant.old?.memberId, meant.learner?.memberId]).toEqual([old, learner]);
  });

  it.each([
    ['the peer URL belongs to a member of another name', [row('a3', 'etcd04', '10.0.0.33')]],
    ['two go by the name, both elsewhere', [row('a3', 'etcd03', '10.0.0.98'), row('a4', 'etcd03', '10.0.0.99')]],
    ['two voters go by the name', [row('a3', 'etcd03', '10.0.0.33'), row('a4', 'etcd03', '10.0.0.99')]],
    ['one has the name, and a voter that never started the peer URL', [row('a3', 'etcd03', '10.0.0.99'), row('a4', '', '10.0.0.33')]],
  ])('cannot be told when %s', (_, rows) => {
    expect(() => meantBy([...others, ...rows], configured)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(rows.map(({ memberId }) => memberId).at(-1) ?? ''),
      }),
    );
  });

  it('is found however the peer URL is written', () => {
    expect(meantBy([row('a3', '', 'ETCD03.example')], { ...configured, peerUrl: 'https://etcd03.example:2380/' }).old?.memberId).toBe('a3');
  });
});
