/** The desk: permission, passing on, and answers that are true. */
import { describe, expect, it } from 'vitest';
import { request } from '../slack/fakes.ts';
import { ended, waiting } from '../slack/story.ts';
import { alice, bob, mallory, open, person } from './open-desk.ts';

const run = request().runId;

describe('take', () => {
  it('starts a run for an operator, with who asked and where', async () => {
    const { say, runs } = open();

    const reply = await say('restore prod --plan');

    expect(reply).toMatchObject({ kind: 'started', sentence: expect.stringContaining('nothing will be changed') as string });
    expect(runs.calls).toEqual([
      {
        method: 'submit',
        args: [
          {
            procedure: 'restore',
            cluster: 'prod',
            input: { 'while-healthy': false },
            requester: { user: 'U0ALICE', channel: 'C0INCIDENT', via: 'slack' },
            mode: 'plan',
          },
        ],
      },
    ]);
  });

  it('refuses who is no operator, before anything is passed on', async () => {
    const { say, runs } = open();

    expect(await say('restore prod', mallory)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(runs.calls).toEqual([]);
  });

  it('lets anyone in the channel ask a question', async () => {
    const { say, runs } = open();

    expect(await say('status prod', mallory)).toMatchObject({ kind: 'asked' });
    expect(runs.calls[0]?.method).toBe('ask');
  });

  it('says that a run waits when no worker is there', async () => {
    const { say, runs } = open();
    runs.loseWorkers();

    expect(await say('restore prod')).toMatchObject({
      kind: 'started',
      sentence: expect.stringMatching(/Started restore-prod-.*No worker is there, so nothing happens until one is: start one/) as string,
    });
  });

  it('passes no question on that nobody would answer', async () => {
    const { say, runs } = open();
    runs.loseWorkers();

    expect(await say('status prod')).toMatchObject({
      kind: 'refused',
      code: 'WORKER_MISSING',
      next: expect.stringContaining('systemctl start etcd-medic') as string,
    });
    expect(runs.calls).toEqual([]);
  });

  it('refuses a person of another team everything, even the help', async () => {
    const { say } = open();

    expect(await say('help', person('U0BOB', { team: 'T0OTHER' }))).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
  });

  it('says who holds the cluster, since when, and at which step', async () => {
    const { say } = open(waiting);

    const reply = await say('restore prod');

    expect(reply).toMatchObject({
      kind: 'held',
      sentence: expect.stringMatching(
        /held by restore-prod-7f3a9c\. U0ALICE asked for it 8 minutes ago; it waits for approval at step 5 of 8, “Stop etcd/,
      ) as string,
    });
  });

  it('makes a refusal of a mistake', async () => {
    const { say } = open();

    expect(await say('statsu prod')).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: expect.stringContaining('`status`') as string,
    });
  });

  it('says at once when Redis does not answer', async () => {
    const { say, runs } = open();
    runs.fall();

    expect(await say('restore prod')).toMatchObject({
      kind: 'refused',
      code: 'QUEUE_UNAVAILABLE',
      next: expect.stringContaining('Nothing was started') as string,
    });
  });

  it('sends the report of a run from the terminal to a channel of the cluster', async () => {
    const { say, runs } = open();

    await say('restore prod', person('U0ALICE', { via: 'terminal', channel: { id: '' }, team: '' }));

    expect(runs.calls[0]?.args[0]).toMatchObject({ requester: { channel: 'C0INCIDENT', via: 'terminal' } });
  });

  it('shows a run as a table', async () => {
    const { say } = open(waiting);

    expect(await say(`show ${run}`)).toMatchObject({
      kind: 'answer',
      answer: { headline: expect.stringContaining('waits for approval') as string, next: `\`approve ${run} 2p\` or \`reject ${run} 2p\`` },
    });
  });

  it('does not show a run of a cluster whose channel this is not', async () => {
    const { say } = open(waiting);
    const elsewhere = person('U0ALICE', { channel: { id: 'C0RANDOM', name: 'random' } });

    expect(await say(`show ${run}`, elsewhere)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(await say('runs', elsewhere)).toMatchObject({
      kind: 'answer',
      answer: { headline: expect.stringContaining('no runs') as string },
    });
  });

  it('lists runs, clusters and ids', async () => {
    const { say } = open(ended);

    expect(await say('runs prod')).toMatchObject({ kind: 'answer', answer: { parts: [{ type: 'table' }] } });
    expect(JSON.stringify(await say('clusters'))).toMatch(
      /"prod","etcd01 etcd02 etcd03","yes".*"staging","not shown here","no","#staging"/,
    );
    expect(JSON.stringify(await say('whoami'))).toMatch(/U0ALICE.*T0HOME.*C0INCIDENT/);
  });

  it('says who one is, where, and what one may do on each cluster', async () => {
    const { say } = open();
    const headings = ['CLUSTER', 'HERE', 'READ', 'OPERATE', 'APPROVE'];
    const rightsOf = async (...said: Parameters<typeof say>) => {
      const reply = await say(...said);
      const [ids, table] = reply.kind === 'answer' ? reply.answer.parts : [];
      expect(table?.type === 'table' && table.table.columns.map(({ title }) => title)).toEqual(headings);
      return [
        ids?.type === 'verbatim' && ids.text.split('\n').map((line) => line.split(/ +/)[1]),
        table?.type === 'table' && table.table.rows,
      ];
    };

    expect(await rightsOf('whoami')).toEqual([
      ['U0ALICE', 'T0HOME', 'C0INCIDENT'],
      [
        ['prod', 'yes', 'yes', 'yes', 'no'],
        ['staging', 'no', 'no', 'no', 'no'],
      ],
    ]);
    expect(await rightsOf('whoami', bob)).toMatchObject([{ 0: 'U0BOB' }, [['prod', 'yes', 'yes', 'no', 'yes'], {}]]);
    expect(await rightsOf('whoami', mallory)).toMatchObject([{ 0: 'U0MALLORY' }, [['prod', 'yes', 'yes', 'no', 'no'], {}]]);
  });

  it('says when there is no such run', async () => {
    expect(await open().say('show restore-prod-000000')).toMatchObject({ kind: 'refused', code: 'RUN_NOT_FOUND' });
  });
});

describe('a cluster with readers', () => {
  const reader = person('U0READER');
  const answersTo = async (by: typeof reader) => {
    const { say } = open(waiting, request(), { readers: ['U0READER'] });
    const kinds = await Promise.all(['status prod', `show ${run}`, 'runs prod'].map(async (words) => (await say(words, by)).kind));
    return [...kinds, JSON.stringify(await say('runs', by)).includes(run)];
  };

  it.each([
    ['a reader', reader],
    ['an operator', alice],
    ['an approver', bob],
  ])('lets %s look', async (_who, by) => {
    expect(await answersTo(by)).toEqual(['asked', 'answer', 'answer', true]);
  });

  it('lets nobody else look at it, at its runs or at one of them, and says what would allow it', async () => {
    const { say } = open(waiting, request(), { readers: ['U0READER'] });

    expect(await answersTo(mallory)).toEqual(['refused', 'refused', 'refused', false]);
    expect(await say('status prod', mallory)).toMatchObject({
      sentence: 'U0MALLORY may not look at prod. Readers: U0READER. To allow it, add U0MALLORY to clusters.prod.readers.',
    });
  });

  it('lets a reader neither start nor decide anything', async () => {
    const { say, runs } = open(waiting, request(), { readers: ['U0READER'] });

    for (const words of ['restore prod', `approve ${run}`, `reject ${run}`, `abort ${run}`])
      expect(await say(words, reader)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(runs.calls).toEqual([]);
  });
});
