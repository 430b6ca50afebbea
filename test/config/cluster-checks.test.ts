/** Settings that are right one by one and wrong together. */
import { describe, expect, it } from 'vitest';
import { checkClusters } from '../../src/config/cluster-checks.ts';
import { formatMistake } from '../../src/config/mistakes.ts';

const etcd = { unit: 'etcd' };
const member = (last: number) => ({
  host: `10.0.0.${last}`,
  clientUrl: `https://10.0.0.${last}:2379`,
  peerUrl: `https://10.0.0.${last}:2380`,
});
const three = { etcd01: member(31), etcd02: member(32), etcd03: member(33) };
const prod = {
  tls: {},
  etcd,
  approvers: ['U0ALICE', 'U0BOB'],
  approvals: { required: 1, quorumLoss: 2, expiresAfter: '30m' },
  members: three,
};

describe('checkClusters', () => {
  it('finds nothing wrong in a cluster that is right', () => {
    expect(check({ prod })).toEqual({ mistakes: [], warnings: [] });
  });

  it('refuses two members at one place', () => {
    const { mistakes } = check({ prod: { ...prod, members: { ...three, etcd03: { ...member(32), clientUrl: 'http://10.0.0.31:2379' } } } });

    expect(mistakes).toEqual([
      'clusters.prod.members.etcd03.host: the host 10.0.0.32 is used by etcd02 already; each member needs its own',
      'clusters.prod.members.etcd03.clientUrl: 10.0.0.31:2379 is used by etcd01 already; each member needs its own',
      'clusters.prod.members.etcd03.peerUrl: 10.0.0.32:2380 is used by etcd02 already; each member needs its own',
      'clusters.prod.members.etcd03.clientUrl: the cluster has `tls`, so an https URL is needed',
    ]);
  });

  it('takes a break-glass that can count, and refuses one that never could', () => {
    const withGlass = (breakGlass: object) => check({ prod: { ...prod, approvals: { ...prod.approvals, breakGlass } } });

    expect(withGlass({ people: ['U0ALICE', 'S0SRE'] })).toEqual({ mistakes: [], warnings: [] });
    expect(withGlass({ people: ['U0ALICE'], delay: '30m' }).mistakes).toEqual([
      'clusters.prod.approvals.breakGlass.delay: the gate expires before a break-glass could count: make it shorter than `expiresAfter`',
    ]);
    expect(withGlass({ people: ['S0SRE'], delay: '30s' }).warnings).toEqual([
      'clusters.prod.approvals.breakGlass.delay: within less than a minute hardly anybody can cancel a break-glass',
      'clusters.prod.approvals.breakGlass.people: groups are looked up through Slack: name somebody by user id as well, or nobody may while Slack is away',
    ]);
  });

  it('warns of a channel by pattern where nobody is named who may look', () => {
    const warned =
      'clusters.prod.channels: whoever makes a channel called #inc-* may look at the cluster there, and cancel a break-glass: name who may in `readers`';

    expect(check({ prod: { ...prod, channels: ['C0INCIDENT', '#inc-*', '#incidents'] } })).toEqual({ mistakes: [], warnings: [warned] });
    expect(check({ prod: { ...prod, channels: ['#inc-*'], readers: ['U0ALICE'] } }).warnings).toEqual([]);
    expect(check({ prod: { ...prod, channels: ['C0INCIDENT', '#incidents'] } }).warnings).toEqual([]);
  });

  it('refuses a staging whose members are those of prod', () => {
    const { mistakes } = check({ prod, staging: { ...prod, members: { etcd01: member(41), etcd02: member(42), etcd03: member(33) } } });

    expect(mistakes).toEqual([
      'clusters.staging.members.etcd03.host: the unit etcd on 10.0.0.33 is used by etcd03 of prod already; each member needs its own',
      'clusters.staging.members.etcd03.clientUrl: 10.0.0.33:2379 is used by etcd03 of prod already; each member needs its own',
      'clusters.staging.members.etcd03.peerUrl: 10.0.0.33:2380 is used by etcd03 of prod already; each member needs its own',
    ]);
  });

  it('takes two clusters on the same hosts that have units and ports of their own', () => {
    const onOtherPorts = (last: number) => ({
      ...member(last),
      clientUrl: `https://10.0.0.${last}:2381`,
      peerUrl: `https://10.0.0.${last}:2382`,
    });
    const events = {
      ...prod,
      etcd: { unit: 'etcd-events' },
      members: { etcd01: onOtherPorts(31), etcd02: onOtherPorts(32), etcd03: onOtherPorts(33) },
    };

    expect(check({ prod, events }).mistakes).toEqual([]);
    expect(check({ prod, events: { ...events, etcd: { unit: 'etcd.service' } } }).mistakes).toEqual([
      'clusters.events.members.etcd01.host: the unit etcd on 10.0.0.31 is used by etcd01 of prod already; each member needs its own',
      'clusters.events.members.etcd02.host: the unit etcd on 10.0.0.32 is used by etcd02 of prod already; each member needs its own',
      'clusters.events.members.etcd03.host: the unit etcd on 10.0.0.33 is used by etcd03 of prod already; each member needs its own',
    ]);
  });

  it('refuses one URL for clients and peers', () => {
    const { mistakes } = check({ prod: { ...prod, members: { etcd01: { ...member(31), peerUrl: 'https://10.0.0.31:2379' } } } });

    expect(mistakes).toEqual([
      'clusters.prod.members.etcd01.peerUrl: 10.0.0.31:2379 is used by this member itself already; each member needs its own',
    ]);
  });

  it('refuses more approvals than there are people to give them', () => {
    const { mistakes } = check({ prod: { ...prod, approvers: ['U0ALICE', 'U0ALICE'] } });

    expect(mistakes).toEqual([
      'clusters.prod.approvals.quorumLoss: 2 must approve, but there is 1 approver: nothing could ever be approved',
    ]);
  });

  it('leaves it to Slack how many people a user group has', () => {
    expect(check({ prod: { ...prod, approvers: ['S0SRE'] } }).mistakes).toEqual([]);
  });

  it('warns when the loss of quorum needs fewer approvals than a lesser step', () => {
    const { warnings } = check({ prod: { ...prod, approvals: { required: 2, quorumLoss: 1, expiresAfter: '30m' } } });

    expect(warnings).toEqual(['clusters.prod.approvals.quorumLoss: 1 must approve the loss of quorum, but 2 a lesser step']);
  });

  it('warns of an even number of members', () => {
    const { warnings } = check({ prod: { ...prod, members: { ...three, etcd04: member(34) } } });

    expect(warnings).toEqual([
      'clusters.prod.members: 4 members tolerate 1 failed ones, as 3 do, and there is one more that can fail: an odd number is better',
    ]);
  });

  it('holds URLs and tls together', () => {
    const { tls: _, ...plain } = prod;

    expect(check({ prod: { ...plain, members: { etcd01: member(31) } } }).mistakes).toEqual([
      'clusters.prod.members.etcd01.clientUrl: an https URL needs the `tls` of the cluster (ca, cert and key)',
    ]);
  });

  it('still checks what is right in form beside what is not', () => {
    const { mistakes } = check({
      prod: { ...prod, approvers: ['U0ALICE'], members: { ...three, etcd02: { host: 7 }, etcd03: member(31) } },
    });

    expect(mistakes).toHaveLength(4);
  });
});

function check(clusters: Record<string, unknown>) {
  const { mistakes, warnings } = checkClusters(clusters);
  return { mistakes: mistakes.map((one) => formatMistake(one)), warnings: warnings.map((one) => formatMistake(one)) };
}
