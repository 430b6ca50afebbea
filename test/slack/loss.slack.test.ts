/** A run that an emptied Redis has lost: said in its thread, and nothing on its messages can be clicked any more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewOf } from '../../src/engine/view.ts';
import { createClients } from '../../src/slack/clients.ts';
import { tellLoss } from '../../src/slack/loss.ts';
import { createNames } from '../../src/slack/names.ts';
import { renderRun } from '../../src/slack/thread.ts';
import { fakeClock, journalOf, memoryThreadState, request } from './fakes.ts';
import { buttonsOf, startLocalSlack } from './local-slack.ts';
import type { LocalSlack } from './local-slack.ts';
import { waiting } from './story.ts';

let slack: LocalSlack;
beforeAll(async () => {
  slack = await startLocalSlack({ users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }] });
});
afterAll(() => slack.stop());

describe('a run that is lost', () => {
  it('is told of in its thread and in the channel, and its card loses its buttons', async () => {
    const clients = createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl });
    const state = memoryThreadState();
    const clock = fakeClock();
    const run = request();
    const entries = journalOf(waiting);
    const names = createNames({ client: clients.arrival, clock });
    await renderRun({ clients, state, clusters: {}, names, decisions: { at: async () => [] }, clock }, viewOf(run, entries), entries);
    const record = await state.get(run.runId);
    const before = await slack.messages('C0INCIDENT');
    const card = before.find((message) => buttonsOf(message).length > 0);
    const { runId, procedure, cluster, requester } = run;
    const lost = { runId, procedure, cluster, requestedBy: requester.user, channel: 'C0INCIDENT', done: [], left: [] };

    await tellLoss(
      { clients },
      {
        run: { ...lost, rootTs: record?.root.ts ?? '', cardTs: card?.ts ?? '' },
        because: `${runId} is gone.`,
        hint: 'Look at `status prod`.',
      },
    );

    const after = await slack.messages('C0INCIDENT');
    const told = after.filter(({ ts }) => !before.some((message) => message.ts === ts));
    expect(told.map(({ text, thread_ts: thread }) => [text, thread])).toEqual([
      [`restore prod: ${runId} is gone. Look at \`status prod\`.`, record?.root.ts],
    ]);
    expect(buttonsOf(after.find(({ ts }) => ts === card?.ts))).toEqual([]);
    expect(after.find(({ ts }) => ts === record?.root.ts)?.text).toContain('is gone');
  });
});
