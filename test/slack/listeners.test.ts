/** Whose team a word or click is taken to be of: what Slack says of the person, and nothing it says of the place. */
import type { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import type { Person, Reply } from '../../src/commands/reply.ts';
import { RunId } from '../../src/ids.ts';
import type { ListenerDeps } from '../../src/slack/answering.ts';
import { onAction } from '../../src/slack/listeners/action.ts';
import { onMention } from '../../src/slack/listeners/mention.ts';
import { onTyped } from '../../src/slack/listeners/typed.ts';
import { gate, memorySeen } from './fakes.ts';

function listening() {
  const heard: Person[] = [];
  const receipt: Reply = { kind: 'receipt', run: RunId.parse('restore-prod-7f3a9c'), counted: false, sentence: 'Nothing.' };
  const take = async (_said: unknown, person: Person) => {
    heard.push(person);
    return receipt;
  };
  const deps: ListenerDeps = {
    desk: { take, click: take },
    clusters: {},
    state: { runAt: async () => undefined, get: async () => undefined },
    names: { of: async () => new Map() },
    channelNames: async () => 'inc-etcd',
    client: { chat: { postEphemeral: async () => ({ ok: true }) } } as unknown as WebClient,
    seen: memorySeen(),
    requestRender: () => undefined,
  };
  return { deps, heard };
}

const { gateId, digest } = gate();
const value = { gateId, digest, verdict: 'approve' };
const ack = () => Promise.resolve();

describe('the team of a person', () => {
  it.each([
    ['none when the event tells none', {}, undefined, ''],
    ['the one of the event', { team: 'T0HOME' }, undefined, 'T0HOME'],
    ['their own one in a shared channel', { team: 'T0HOME', user_team: 'T0OTHER' }, undefined, 'T0OTHER'],
    ['the bot’s own when the channel is shared with no other', {}, 'T0HOME', 'T0HOME'],
    ['that of the event all the same, in such a channel', { team: 'T0OTHER' }, 'T0HOME', 'T0OTHER'],
  ])('is, for a mention, %s', async (_what, teams, unsharedTeam, team) => {
    const { deps, heard } = listening();
    const event = { user: 'U0BOB', channel: 'C0INCIDENT', text: '<@U0MEDIC> status prod', ...teams };

    await onMention(deps, { event, eventId: 'Ev1', unsharedTeam, botUserId: 'U0MEDIC' });

    expect(heard).toMatchObject([{ user: 'U0BOB', team }]);
  });

  it('is not, for a click or a window, the team in which the app is installed', async () => {
    const { deps, heard } = listening();
    const team = { id: 'T0HOME' };
    const metadata = JSON.stringify({ value, cluster: 'prod', channel: { id: 'C0INCIDENT' } });
    const view = { private_metadata: metadata, state: { values: { cluster: { name: { value: 'prod' } } } } };
    const actions = [{ action_id: 'gate.approve', value: JSON.stringify(value) }];

    await onAction(deps, { body: { user: { id: 'U0BOB' }, team, channel: { id: 'C0INCIDENT' }, actions }, ack });
    await onTyped(deps, { body: { user: { id: 'U0BOB' }, team, view }, ack });
    await onAction(deps, { body: { user: { id: 'U0BOB', team_id: 'T0HOME' }, team, channel: { id: 'C0INCIDENT' }, actions }, ack });

    expect(heard.map((person) => person.team)).toEqual(['', '', 'T0HOME']);
  });
});
