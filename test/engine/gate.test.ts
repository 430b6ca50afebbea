import { describe, expect, it } from 'vitest';
import { differenceOf, digestOf, judge, lateWorkerGraceMs } from '../../src/engine/gate.ts';
import type { Decision, Gate } from '../../src/engine/journal.ts';
import { ClusterName, UserId } from '../../src/ids.ts';

const openedAt = '2026-11-22T03:00:00.000Z';
const expiresAt = '2026-11-22T03:30:00.000Z';
const gate = (overrides: Partial<Gate> = {}): Gate => ({
  gateId: 'r.1',
  kind: 'approval',
  stepId: 's',
  title: 't',
  plan: [],
  facts: {},
  reason: '',
  digest: 'd',
  required: 1,
  openedAt,
  expiresAt,
  ...overrides,
});
const said = (verdict: Decision['verdict'], by = 'U0BOB', at = '2026-11-22T03:10:00.000Z'): Decision => ({
  verdict,
  by: UserId.parse(by),
  at,
});
const judged = (decisions: Decision[], options: { gate?: Partial<Gate>; now?: string; may?: (by: string) => boolean } = {}) =>
  judge({
    gate: gate(options.gate),
    decisions,
    now: new Date(options.now ?? '2026-11-22T03:11:00.000Z'),
    mayApprove: async (by) => options.may?.(by) ?? true,
  });

describe('judge', () => {
  it('waits while nobody has said anything', async () => {
    expect((await judged([])).state).toBe('pending');
  });

  it('counts distinct people', async () => {
    expect((await judged([said('approve'), said('approve')], { gate: { required: 2 } })).state).toBe('pending');
    expect((await judged([said('approve'), said('approve', 'U0CAROL')], { gate: { required: 2 } })).state).toBe('approved');
  });

  it('does not count a person who may not approve at the moment of acting', async () => {
    expect((await judged([said('approve')], { may: () => false })).state).toBe('pending');
  });

  it.each([[undefined], ['demo '], ['Demo'], ['demo2'], ['']])(
    'does not count a yes with %j typed where the name is asked for',
    async (typed) => {
      const yes = { ...said('approve'), ...(typed !== undefined && { typed }) };

      expect((await judged([yes], { gate: { confirm: ClusterName.parse('demo') } })).state).toBe('pending');
    },
  );

  it('counts a yes with the very name typed, and asks for it of each person', async () => {
    const confirm = ClusterName.parse('demo');
    const typed = { ...said('approve'), typed: 'demo' };

    expect((await judged([typed], { gate: { confirm } })).state).toBe('approved');
    expect((await judged([typed, said('approve', 'U0CAROL')], { gate: { confirm, required: 2 } })).state).toBe('pending');
  });

  it('takes one no over any number of yes', async () => {
    expect((await judged([said('approve'), said('reject', 'U0CAROL')])).state).toBe('rejected');
  });

  it('takes silence for no', async () => {
    expect((await judged([], { now: expiresAt })).state).toBe('expired');
  });

  it('ignores a yes that came too late', async () => {
    expect((await judged([said('approve', 'U0BOB', '2026-11-22T03:30:00.000Z')], { now: '2026-11-22T03:30:01.000Z' })).state).toBe(
      'expired',
    );
  });

  it('acts on a yes in time when its worker was replaced, but not long after', async () => {
    const late = new Date(Date.parse(expiresAt) + lateWorkerGraceMs).toISOString();

    expect((await judged([said('approve')], { now: '2026-11-22T03:31:00.000Z' })).state).toBe('approved');
    expect((await judged([said('approve')], { now: late })).state).toBe('expired');
  });

  it('lets a failure gate be retried, and an approval there mean nothing', async () => {
    expect((await judged([said('retry')], { gate: { kind: 'failure' } })).state).toBe('retried');
    expect((await judged([said('approve')], { gate: { kind: 'failure' } })).state).toBe('pending');
  });
});

describe('digestOf', () => {
  const covered = { stepId: 's', plan: [{ on: 'etcd01', argv: ['rm', 'x'] }], facts: { a: '1', b: '2' }, loses: 'all' };

  it('does not depend on the order of the facts', () => {
    expect(digestOf({ ...covered, facts: { b: '2', a: '1' } })).toBe(digestOf(covered));
  });

  it.each([
    ['plan', { plan: [{ on: 'etcd01', argv: ['rm', 'y'] }] }],
    ['host', { plan: [{ on: 'etcd02', argv: ['rm', 'x'] }] }],
    ['words', { plan: [{ on: 'etcd01', argv: ['rm x'] }] }],
    ['facts', { facts: { a: '1', b: '3' } }],
    ['loss', { loses: 'more' }],
    ['step', { stepId: 'other' }],
  ])('moves with the %s', (_what, change) => {
    expect(digestOf({ ...covered, ...change })).not.toBe(digestOf(covered));
  });
});

describe('differenceOf', () => {
  it('says what moved', () => {
    const before = { plan: [{ on: 'etcd01', argv: ['rm', 'x'] }], facts: { down: 'etcd02', sha: 'a' } };
    const now = { plan: [{ on: 'etcd01', argv: ['rm', 'y'] }], facts: { down: 'none', sha: 'a' } };

    expect(differenceOf(before, now)).toBe('down: was etcd02, is none\nno longer planned: etcd01$ rm x\nnewly planned: etcd01$ rm y');
  });
});
