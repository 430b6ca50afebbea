/** Who may ask, decide and approve. */
import { describe, expect, it } from 'vitest';
import { mayApprove, mayAsk, mayAskHere, mayBreakGlass, mayDecide, mayEnter, rightsOf } from '../../src/access/access.ts';
import type { AccessDeps, Asker } from '../../src/access/access.ts';
import { createAccess } from '../../src/access/index.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import { gate, request } from '../slack/fakes.ts';

const prod = ClusterName.parse('prod');
const [alice, bob, carol, mallory] = ['U0ALICE', 'U0BOB', 'U0CAROL', 'U0MALLORY'].map((id) => UserId.parse(id)) as [
  UserId,
  UserId,
  UserId,
  UserId,
];

function deps(overrides: Partial<AccessDeps> = {}): AccessDeps {
  return {
    clusters: { prod: { channels: ['C0INCIDENT', '#inc-*'], operators: ['U0ALICE'], approvers: ['U0BOB', 'S0SRE'] } },
    groups: { membersOf: async (id) => new Set(id === 'S0SRE' ? [carol, alice] : []) },
    homeTeam: () => 'T0HOME',
    ...overrides,
  };
}

function asker(user: UserId, overrides: Partial<Asker> = {}): Asker {
  return { user, channel: { id: 'C0INCIDENT', name: 'incidents' }, team: 'T0HOME', via: 'slack', ...overrides };
}

const approval = { verdict: 'approve', gate: 'approval', requestedBy: alice } as const;

describe('mayEnter', () => {
  it("refuses another team's people, and says which team", () => {
    const answer = mayEnter(deps(), asker(alice, { team: 'T0OTHER' }));

    expect(answer).toMatchObject({ allowed: false, because: expect.stringContaining('T0OTHER') as string });
  });

  it('refuses everybody from Slack while its own team is not known', () => {
    expect(mayEnter(deps({ homeTeam: () => undefined }), asker(alice)).allowed).toBe(false);
  });

  it('lets in whoever config.yaml lets use the terminal', () => {
    expect(mayEnter(deps({ homeTeam: () => undefined }), asker(alice, { via: 'terminal', team: '' })).allowed).toBe(true);
  });
});

describe('mayAskHere', () => {
  it('names the channel that would have to be allowed', () => {
    const answer = mayAskHere(deps(), asker(alice, { channel: { id: 'C0RANDOM', name: 'random' } }), prod);

    expect(answer).toMatchObject({
      allowed: false,
      because: expect.stringMatching(/add C0RANDOM \(#random\) to clusters\.prod\.channels/) as string,
    });
  });

  it('refuses a cluster that is not configured', () => {
    expect(mayAskHere(deps(), asker(alice), ClusterName.parse('other')).allowed).toBe(false);
  });
});

describe('mayAsk', () => {
  it('lets anyone in an allowed channel read', async () => {
    expect(await mayAsk(deps(), asker(mallory), prod, 'read')).toEqual({ allowed: true });
  });

  it('lets only readers, operators and approvers read where readers are named', async () => {
    const lists = { channels: ['C0INCIDENT'], readers: ['U0READER', 'S0DEV'], operators: ['U0ALICE'], approvers: ['U0BOB'] };
    const restricted = deps({ clusters: { prod: lists }, groups: { membersOf: async (id) => new Set(id === 'S0DEV' ? [carol] : []) } });
    const may = async (user: UserId) => (await mayAsk(restricted, asker(user), prod, 'read')).allowed;

    expect(await Promise.all([UserId.parse('U0READER'), carol, alice, bob].map(may))).toEqual([true, true, true, true]);
    expect(await mayAsk(restricted, asker(mallory), prod, 'read')).toEqual({
      allowed: false,
      because: 'U0MALLORY may not look at prod. Readers: U0READER, S0DEV. To allow it, add U0MALLORY to clusters.prod.readers.',
    });
    expect((await mayAsk(restricted, asker(carol), prod, 'operate')).allowed).toBe(false);
  });

  it('lets operators and approvers alone read where the list of readers is empty', async () => {
    const lists = { channels: ['C0INCIDENT'], readers: [], operators: ['U0ALICE'], approvers: ['U0BOB'] };
    const may = async (user: UserId) => (await mayAsk(deps({ clusters: { prod: lists } }), asker(user), prod, 'read')).allowed;

    expect(await Promise.all([alice, bob, mallory].map(may))).toEqual([true, true, false]);
  });

  it('counts a group of readers that cannot be read as no, and says which', async () => {
    const lists = { channels: ['C0INCIDENT'], readers: ['S0DEV'], operators: ['U0ALICE'], approvers: [] };
    const broken = deps({ clusters: { prod: lists }, groups: { membersOf: () => Promise.reject(new Error('slack is down')) } });

    expect(await mayAsk(broken, asker(mallory), prod, 'read')).toMatchObject({
      allowed: false,
      because: expect.stringContaining('S0DEV could not be read') as string,
    });
  });

  it('lets only operators operate, and names the id that is missing', async () => {
    expect(await mayAsk(deps(), asker(alice), prod, 'operate')).toEqual({ allowed: true });
    expect(await mayAsk(deps(), asker(mallory), prod, 'operate')).toMatchObject({
      allowed: false,
      because: expect.stringMatching(/add U0MALLORY to clusters\.prod\.operators/) as string,
    });
  });

  it('does not let an operator operate from a channel that is not allowed', async () => {
    expect((await mayAsk(deps(), asker(alice, { channel: { id: 'C0RANDOM', name: 'random' } }), prod, 'operate')).allowed).toBe(false);
  });
});

describe('mayApprove', () => {
  const by = { requestedBy: alice };

  it('lets an approver approve, named or by group', async () => {
    expect((await mayApprove(deps(), bob, prod, by)).allowed).toBe(true);
    expect((await mayApprove(deps(), carol, prod, by)).allowed).toBe(true);
  });

  it('does not let the requester approve, although in an approving group', async () => {
    expect(await mayApprove(deps(), alice, prod, by)).toMatchObject({
      allowed: false,
      because: expect.stringContaining('somebody else') as string,
    });
  });

  it('does not let an operator approve', async () => {
    expect(
      (await mayApprove(deps({ clusters: { prod: { channels: [], operators: ['U0MALLORY'], approvers: ['U0BOB'] } } }), mallory, prod, by))
        .allowed,
    ).toBe(false);
  });

  it('counts a group that cannot be read as no, and says which', async () => {
    const broken = deps({ groups: { membersOf: () => Promise.reject(new Error('slack is down')) } });

    expect(await mayApprove(broken, carol, prod, by)).toMatchObject({
      allowed: false,
      because: expect.stringContaining('S0SRE') as string,
    });
    expect((await mayApprove(broken, bob, prod, by)).allowed).toBe(true);
  });

  it('says what to do where groups cannot be looked up at all', async () => {
    const groups = { membersOf: () => Promise.reject(new Error('no Slack here')), unreadHint: 'say it in Slack' };

    expect(await mayApprove(deps({ groups }), carol, prod, by)).toMatchObject({
      allowed: false,
      because: expect.stringContaining('say it in Slack.') as string,
    });
  });

  it('allows nobody on a cluster that is not configured', async () => {
    expect((await mayApprove(deps(), bob, ClusterName.parse('other'), by)).allowed).toBe(false);
  });
});

describe('mayDecide', () => {
  it('asks for an approver to approve, in an allowed channel', async () => {
    expect((await mayDecide(deps(), asker(bob), prod, approval)).allowed).toBe(true);
    expect((await mayDecide(deps(), asker(bob, { channel: { id: 'C0RANDOM' } }), prod, approval)).allowed).toBe(false);
    expect((await mayDecide(deps(), asker(bob, { team: 'T0OTHER' }), prod, approval)).allowed).toBe(false);
  });

  it('lets operators and approvers say no, retry, abort and choose, the requester too', async () => {
    for (const verdict of ['reject', 'retry', 'abort', 'choose'] as const) {
      expect((await mayDecide(deps(), asker(alice), prod, { ...approval, verdict })).allowed).toBe(true);
      expect((await mayDecide(deps(), asker(bob), prod, { ...approval, verdict })).allowed).toBe(true);
      expect((await mayDecide(deps(), asker(mallory), prod, { ...approval, verdict })).allowed).toBe(false);
    }
  });
});

describe('mayBreakGlass', () => {
  const lists = { channels: ['C0INCIDENT'], operators: [], approvers: ['U0BOB'] };
  const withGlass = (people: string[], overrides: Partial<AccessDeps> = {}) =>
    deps({ clusters: { prod: { ...lists, approvals: { breakGlass: { people, delay: 300_000 } } } }, ...overrides });

  it('lets who is named for it, by id or by group, and who asked for the run too', async () => {
    expect((await mayBreakGlass(withGlass(['U0ALICE']), alice, prod)).allowed).toBe(true);
    expect((await mayBreakGlass(withGlass(['S0SRE']), carol, prod)).allowed).toBe(true);
    expect((await mayDecide(withGlass(['U0ALICE']), asker(alice), prod, { ...approval, verdict: 'break-glass' })).allowed).toBe(true);
  });

  it('lets nobody else, an approver neither, and says which id would have to be added where', async () => {
    expect(await mayBreakGlass(withGlass(['U0ALICE']), bob, prod)).toMatchObject({
      allowed: false,
      because: expect.stringMatching(/Who may: U0ALICE\..*add U0BOB to clusters\.prod\.approvals\.breakGlass\.people/) as string,
    });
  });

  it('lets nobody where config.yaml names nobody, or where the group cannot be read', async () => {
    const broken = { groups: { membersOf: () => Promise.reject(new Error('slack is down')) } };

    expect(await mayBreakGlass(deps(), alice, prod)).toMatchObject({
      allowed: false,
      because: expect.stringContaining('names nobody in clusters.prod.approvals.breakGlass.people') as string,
    });
    expect((await mayBreakGlass(withGlass(['S0SRE'], broken), carol, prod)).allowed).toBe(false);
  });

  it('is asked in an allowed channel; to cancel, anyone may who is in one', async () => {
    const elsewhere = { channel: { id: 'C0RANDOM' } };
    const saying = (verdict: 'break-glass' | 'cancel-break-glass') => ({ ...approval, verdict });

    expect((await mayDecide(withGlass(['U0ALICE']), asker(alice, elsewhere), prod, saying('break-glass'))).allowed).toBe(false);
    expect((await mayDecide(deps(), asker(mallory), prod, saying('cancel-break-glass'))).allowed).toBe(true);
    expect((await mayDecide(deps(), asker(mallory, elsewhere), prod, saying('cancel-break-glass'))).allowed).toBe(false);
    expect((await mayDecide(deps(), asker(mallory, { team: 'T0OTHER' }), prod, saying('cancel-break-glass'))).allowed).toBe(false);
  });

  it('is cancelled by who may look, and by nobody else', async () => {
    const readers = deps({ clusters: { prod: { ...lists, channels: ['C0INCIDENT'], readers: ['U0CAROL'] } } });
    const cancelling = { ...approval, verdict: 'cancel-break-glass' } as const;

    expect((await mayDecide(readers, asker(carol), prod, cancelling)).allowed).toBe(true);
    expect((await mayDecide(readers, asker(bob), prod, cancelling)).allowed).toBe(true);
    expect(await mayDecide(readers, asker(mallory), prod, cancelling)).toMatchObject({
      allowed: false,
      because: expect.stringContaining('add U0MALLORY to clusters.prod.readers') as string,
    });
  });

  it('is asked again at the moment of acting', async () => {
    const access = createAccess(withGlass(['U0ALICE']));

    expect((await access.mayBreakGlassNow(alice, request(), gate())).allowed).toBe(true);
    expect((await access.mayBreakGlassNow(bob, request(), gate())).allowed).toBe(false);
  });
});

describe('a refusal', () => {
  const lists = { channels: ['C0INCIDENT'], readers: [], operators: ['U0ALICE'], approvers: ['U0BOB'] };
  const restricted = deps({ clusters: { prod: lists } });
  const elsewhere = asker(mallory, { channel: { id: 'C0RANDOM', name: 'random' } });

  it.each([
    ['to read', () => mayAsk(restricted, asker(mallory), prod, 'read'), 'add U0MALLORY to clusters.prod.readers'],
    ['to operate', () => mayAsk(restricted, asker(mallory), prod, 'operate'), 'add U0MALLORY to clusters.prod.operators'],
    ['to approve', () => mayDecide(restricted, asker(mallory), prod, approval), 'add U0MALLORY to clusters.prod.approvers'],
    [
      'to say no',
      () => mayDecide(restricted, asker(mallory), prod, { ...approval, verdict: 'reject' }),
      'add U0MALLORY to clusters.prod.operators or clusters.prod.approvers',
    ],
    ['in another channel', () => mayAsk(restricted, elsewhere, prod, 'read'), 'add C0RANDOM (#random) to clusters.prod.channels'],
  ])('%s says which id would have to be allowed where', async (_what, ask, sentence) => {
    expect(await ask()).toMatchObject({ allowed: false, because: expect.stringContaining(sentence) as string });
  });
});

describe('rightsOf', () => {
  it('says what one may do here', async () => {
    expect(await rightsOf(deps(), asker(alice), prod)).toEqual({ here: true, read: true, operate: true, approve: true });
    expect(await rightsOf(deps(), asker(mallory), prod)).toEqual({ here: true, read: true, operate: false, approve: false });
  });

  it('is nothing where commands of the cluster are not taken, for another team, and on a cluster that is not configured', async () => {
    const nothing = { here: false, read: false, operate: false, approve: false };

    expect(await rightsOf(deps(), asker(bob, { channel: { id: 'C0RANDOM' } }), prod)).toEqual(nothing);
    expect(await rightsOf(deps(), asker(bob, { team: 'T0OTHER' }), prod)).toEqual(nothing);
    expect(await rightsOf(deps(), asker(bob), ClusterName.parse('other'))).toEqual(nothing);
  });
});

describe('createAccess', () => {
  it('asks again for the gate, when nobody stands in a channel', async () => {
    const access = createAccess(deps());

    expect((await access.mayApproveNow(bob, request(), gate({ required: 1 }))).allowed).toBe(true);
    expect((await access.mayApproveNow(alice, request(), gate({ required: 1 }))).allowed).toBe(false);
    expect((await access.mayApproveNow(mallory, request(), gate({ required: 1 }))).allowed).toBe(false);
  });
});
