/** User groups: kept for a minute, and a failure is never kept. */
import { describe, expect, it } from 'vitest';
import type { WebClient } from '@slack/web-api';
import { createGroups, groupsKeptMs } from '../../src/slack/groups.ts';
import { fakeClock } from './fakes.ts';

function setUp(answers: (string[] | Error)[]) {
  const asked: string[] = [];
  const clock = fakeClock();
  const list = async ({ usergroup }: { usergroup: string }) => {
    asked.push(usergroup);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return { ok: true, users: answer };
  };
  const client = { usergroups: { users: { list } } } as unknown as WebClient;
  return { groups: createGroups({ client, clock }), asked, clock };
}

describe('createGroups', () => {
  it('asks once a minute', async () => {
    const { groups, asked, clock } = setUp([['U0BOB'], ['U0CAROL']]);

    const first = [await groups.membersOf('S0SRE'), await groups.membersOf('S0SRE')];
    clock.forward(groupsKeptMs);
    const later = await groups.membersOf('S0SRE');

    expect(first.map((members) => [...members])).toEqual([['U0BOB'], ['U0BOB']]);
    expect([...later]).toEqual(['U0CAROL']);
    expect(asked).toHaveLength(2);
  });

  it('asks anew when it must be of this moment, and remembers that answer', async () => {
    const { groups, asked } = setUp([['U0BOB'], ['U0CAROL'], new Error('gone'), ['U0DAVE']]);
    await groups.membersOf('S0SRE');

    expect([...(await groups.membersOf('S0SRE', 'now'))]).toEqual(['U0CAROL']);
    expect([...(await groups.membersOf('S0SRE'))]).toEqual(['U0CAROL']);
    // Nothing older stands in for an answer that did not come.
    await expect(groups.membersOf('S0SRE', 'now')).rejects.toThrow('gone');
    expect([...(await groups.membersOf('S0SRE'))]).toEqual(['U0DAVE']);
    expect(asked).toHaveLength(4);
  });

  it('asks once for questions at the same time', async () => {
    const { groups, asked } = setUp([['U0BOB']]);

    await Promise.all([groups.membersOf('S0SRE'), groups.membersOf('S0SRE')]);

    expect(asked).toHaveLength(1);
  });

  it('throws when Slack does not answer, and asks again the next time', async () => {
    const { groups } = setUp([new Error('gone'), ['U0BOB']]);

    await expect(groups.membersOf('S0SRE')).rejects.toThrow('gone');
    expect([...(await groups.membersOf('S0SRE'))]).toEqual(['U0BOB']);
  });

  it('throws when Slack names nobody at all: that is no answer', async () => {
    const { groups } = setUp([undefined as never]);

    await expect(groups.membersOf('S0SRE')).rejects.toThrow(/S0SRE/);
  });
});
