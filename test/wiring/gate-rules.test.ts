/** What a worker asks of people before it acts. */
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import { gateRules } from '../../src/wiring/gate-rules.ts';
import { gate, request } from '../slack/fakes.ts';

const carol = UserId.parse('U0CAROL');
const approvals = { required: 1, quorumLoss: 2, expiresAfter: 1_800_000, breakGlass: { people: ['S0SRE'], delay: 300_000 } };
const config = { clusters: { prod: { channels: ['C0INCIDENT'], operators: ['U0ALICE'], approvers: ['S0SRE'], approvals } } } as never;

function rules(now: readonly UserId[]) {
  const told: string[] = [];
  const groups = { membersOf: async (_id: string, freshness?: 'now' | 'recent') => new Set(freshness === 'now' ? now : [carol]) };
  const access = createAccess({ ...(config as { clusters: never }), groups, homeTeam: () => 'T0HOME' });
  const reporter = { progress: (_run: unknown, stepId: string, text: string) => void told.push(`${stepId}: ${text}`) };
  return { told, rules: gateRules({ config, access, reporter }, request()) };
}

describe('a yes of who has left the group since', () => {
  const atQuorum = gate({ confirm: ClusterName.parse('prod') });

  it('does not count where quorum is at stake, and it is told under the step, with the group and who may approve', async () => {
    const { rules: asked, told } = rules([]);

    expect(await asked.mayApprove(carol, request(), atQuorum)).toBe(false);
    expect(await asked.mayBreakGlass(carol, request(), atQuorum)).toBe(false);
    expect(told).toEqual([
      expect.stringMatching(
        /^replace-data: A yes does not count now\. U0CAROL may not approve on prod\. Approvers: S0SRE\. U0CAROL is not in the user group S0SRE\./,
      ),
      expect.stringMatching(
        /^replace-data: The break-glass does not count now\. U0CAROL may not break the glass on prod\. Who may: S0SRE\./,
      ),
    ]);
  });

  it('counts for a lesser step as long as the group is remembered, and who is in it still is told nothing', async () => {
    const left = rules([]);
    const still = rules([carol]);

    expect(await left.rules.mayApprove(carol, request(), gate())).toBe(true);
    expect(await still.rules.mayApprove(carol, request(), atQuorum)).toBe(true);
    expect([...left.told, ...still.told]).toEqual([]);
  });
});
