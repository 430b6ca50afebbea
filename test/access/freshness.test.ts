/** What is remembered of a user group does not count where quorum is at stake. */
import { expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import { gate, request } from '../slack/fakes.ts';

const prod = ClusterName.parse('prod');
const [alice, carol] = [UserId.parse('U0ALICE'), UserId.parse('U0CAROL')];
const asker = { user: carol, channel: { id: 'C0INCIDENT' }, team: 'T0HOME', via: 'slack' } as const;

it('asks anew who is in a group where quorum is at stake, and says which group and who may', async () => {
  const asked: string[] = [];
  const remembered = new Set([carol]);
  const groups = {
    membersOf: async (id: string, freshness: 'now' | 'recent' = 'recent') => {
      asked.push(`${id} ${freshness}`);
      return freshness === 'now' ? new Set<UserId>() : remembered;
    },
  };
  const lists = { channels: ['C0INCIDENT'], operators: ['U0ALICE'], approvers: ['S0SRE'] };
  const glass = { approvals: { breakGlass: { people: ['S0SRE'], delay: 300_000 } } };
  const access = createAccess({ clusters: { prod: { ...lists, ...glass } }, groups, homeTeam: () => 'T0HOME' });
  const atQuorum = gate({ confirm: prod });

  expect((await access.mayApproveNow(carol, request(), gate())).allowed).toBe(true);
  expect((await access.mayBreakGlassNow(carol, request(), gate())).allowed).toBe(true);
  expect(await access.mayApproveNow(carol, request(), atQuorum)).toEqual({
    allowed: false,
    because:
      'U0CAROL may not approve on prod. Approvers: S0SRE. U0CAROL is not in the user group S0SRE. To allow it, add U0CAROL to clusters.prod.approvers.',
  });
  expect(await access.mayBreakGlassNow(carol, request(), atQuorum)).toMatchObject({
    allowed: false,
    because: expect.stringContaining('Who may: S0SRE. U0CAROL is not in the user group S0SRE.') as string,
  });
  expect(
    (await access.mayDecide(asker, prod, { verdict: 'approve', gate: 'approval', requestedBy: alice, freshness: 'now' })).allowed,
  ).toBe(false);
  expect(asked).toEqual(['S0SRE recent', 'S0SRE recent', 'S0SRE now', 'S0SRE now', 'S0SRE now']);
});
