import { describe, expect, it } from 'vitest';
import { MemberId, MemberName } from '../../../src/ids.ts';
import { nextAction } from '../../../src/procedures/judging/triage.ts';
import type { HostSight, Sights } from '../../../src/procedures/judging/triage.ts';

function sights(options: {
  voters?: number;
  answering: number;
  leader?: boolean;
  silent?: HostSight[];
  alarm?: 'NOSPACE' | 'CORRUPT';
  age?: string | undefined;
}): Sights {
  const { voters = 3, answering, leader = true, silent = [], alarm } = options;
  const needed = Math.floor(voters / 2) + 1;
  return {
    cluster: 'prod',
    look: {
      endpoints: [],
      members: [],
      alarms: alarm === undefined ? [] : [{ memberId: MemberId.parse('a1'), type: alarm }],
      quorum: { voters, answering, needed, holds: leader && answering >= needed, mayFail: Math.max(0, answering - needed), sentence: '' },
      revision: 7n,
    },
    silent,
    newestSnapshotAge: 'age' in options ? options.age : '12 minutes',
  };
}

const intact = (member: string): HostSight => ({
  member: MemberName.parse(member),
  reachable: true,
  unit: 'inactive',
  masked: false,
  dataIntact: true,
});
const failed = (member: string): HostSight => ({ ...intact(member), unit: 'failed' }) as HostSight;
const running = (member: string): HostSight => ({ ...intact(member), unit: 'active' }) as HostSight;
const wiped = (member: string): HostSight => ({
  member: MemberName.parse(member),
  reachable: true,
  unit: 'failed',
  masked: false,
  dataIntact: false,
});
const cutAt = (member: string): HostSight =>
  ({ ...intact(member), masked: true, beside: ['/data/etcd/data.restore-prod-7f3a9c.old'] }) as HostSight;
const unseen = (member: string): HostSight => ({ member: MemberName.parse(member), reachable: false, because: 'no route to host' });

describe('nextAction', () => {
  it.each([
    ['a healthy cluster', sights({ answering: 3 }), 'Nothing to do.'],
    ['a healthy cluster without a snapshot', sights({ answering: 3, age: undefined }), '`backup prod`'],
    ['an even number of voters', sights({ voters: 4, answering: 4 }), 'an odd number is better'],
    [
      'members that a cut run has masked, whose data lies beside',
      sights({ answering: 0, silent: ['etcd01', 'etcd02', 'etcd03'].map(cutAt) }),
      'etcd is masked on etcd01, etcd02 and etcd03, where restore-prod-7f3a9c has left data beside the data-dir: start nothing by hand. `show restore-prod-7f3a9c`',
    ],
    [
      'a member that is masked, and nothing of a run is there',
      sights({ answering: 2, silent: [{ ...intact('etcd03'), masked: true, beside: ['/data/etcd/data.by-hand'] } as HostSight] }),
      '`start prod etcd03` starts etcd on etcd03',
    ],
    [
      'one member down with its data',
      sights({ answering: 2, silent: [intact('etcd03')] }),
      '`start prod etcd03` starts etcd on etcd03: the data is intact, nothing is lost.',
    ],
    [
      'one member that has failed on its data',
      sights({ answering: 2, silent: [failed('etcd03')] }),
      'when it fails again, `replace-member prod etcd03`',
    ],
    ['one member down without its data', sights({ answering: 2, silent: [wiped('etcd03')] }), '`replace-member prod etcd03`'],
    ['one host that does not answer', sights({ answering: 2, silent: [unseen('etcd03')] }), 'Look at etcd03: no route to host'],
    ['two down with their data', sights({ answering: 1, silent: [intact('etcd02'), intact('etcd03')] }), 'nothing is lost'],
    [
      'two down, one with its data',
      sights({ answering: 1, silent: [intact('etcd02'), wiped('etcd03')] }),
      'the data of etcd02 is intact: `start prod` starts etcd there; nothing is lost',
    ],
    [
      'two down without their data',
      sights({ answering: 1, silent: [wiped('etcd02'), wiped('etcd03')] }),
      '`recover-quorum prod` shows the ways back and what each loses; the newest snapshot is 12 minutes old',
    ],
    ['two down, one not seen', sights({ answering: 1, silent: [wiped('etcd02'), unseen('etcd03')] }), 'Bring etcd03 back first'],
    [
      'two down without data and without a snapshot',
      sights({ answering: 1, silent: [wiped('etcd02'), wiped('etcd03')], age: undefined }),
      'there is no snapshot of prod to fall back on',
    ],
    ['enough members but no leader', sights({ answering: 3, leader: false }), 'no leader'],
    ['a full database', sights({ answering: 3, alarm: 'NOSPACE' }), '`recover-space prod`'],
    [
      'a full database beside a member that is down',
      sights({ answering: 2, alarm: 'NOSPACE', silent: [intact('etcd03')] }),
      '`start prod etcd03` starts etcd on etcd03: the data is intact, nothing is lost. Then: the database is over its quota, so writes are refused: `recover-space prod`',
    ],
    ['a member that runs and is silent', sights({ answering: 2, silent: [running('etcd03')] }), 'etcd runs on etcd03 and does not answer'],
    [
      'two that run and are silent',
      sights({ answering: 1, silent: [running('etcd02'), running('etcd03')] }),
      'etcd runs on etcd02 and etcd03',
    ],
    ['a corrupt member, what to do with it', sights({ answering: 3, alarm: 'CORRUPT' }), '`replace-member prod` it'],
    ['a corrupt member', sights({ answering: 3, alarm: 'CORRUPT' }), 'Do not defragment'],
  ])('says for %s what to do next', (_case, seen, expected) => {
    expect(nextAction(seen)).toContain(expected);
  });

  it('never offers a restore while starting what is there loses nothing', () => {
    expect(nextAction(sights({ answering: 0, silent: [intact('etcd01'), intact('etcd02'), wiped('etcd03')] }))).not.toMatch(
      /restore|recover-quorum/,
    );
  });
});
