/** The everyday verbs through Slack, on real hosts: a rolling restart, a stop that ends quorum, a start that brings it back, and leadership. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, runLimitMs, say, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { until } from '../slack/local-slack.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { begunOn } from '../stage/host-log.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { fill, setQuota } from '../stage/quota.ts';
import type { LabHost } from '../lab/lab.ts';
import { describeOnEach } from '../lab/versions.ts';
import { waitUntil } from '../lab/wait.ts';
import { othersServe } from './others-serve.ts';

interface Row {
  readonly Endpoint: string;
  readonly Status: { readonly header: { readonly member_id: number }; readonly leader: number };
}

/** The host that leads; waited for, as there may be none while one is elected. */
async function leader({ lab }: Stage): Promise<LabHost> {
  const find = async () => {
    const rows = JSON.parse((await lab.etcdctl(['endpoint', 'status', '-w', 'json'])).stdout) as Row[];
    const row = rows.find(({ Status }) => Status.leader === Status.header.member_id);
    return lab.hosts.find(({ clientUrl }) => clientUrl === row?.Endpoint);
  };
  return waitUntil(find, { for: 'a leader', withinMs: 60_000 });
}

/** How often each host's etcd said so in its log; by contrast, who leads now may be another's doing by the time it is asked. */
async function timesSaid({ lab }: Stage, words: string): Promise<number[]> {
  const log = 'journalctl --sync; journalctl --quiet --output=cat --unit=etcd';
  return Promise.all(lab.hosts.map(async ({ exec }) => (await exec(['sh', '-c', log])).stdout.split(words).length - 1));
}

async function pids({ lab }: Stage): Promise<string[]> {
  return Promise.all(
    lab.hosts.map(async ({ exec }) => (await exec(['systemctl', 'show', 'etcd', '-p', 'MainPID', '--value'])).stdout.trim()),
  );
}

async function states({ lab }: Stage): Promise<string[]> {
  return Promise.all(lab.hosts.map(async ({ exec }) => (await exec(['systemctl', 'is-active', 'etcd'], { reject: false })).stdout.trim()));
}

describeOnEach('upkeep on etcd %s', { ordinary: '3.4' }, (etcd) => {
  const dies = etcd === '3.4';
  let stage: Stage;
  let worker: BotProcess;
  beforeAll(async () => {
    stage = await createStage({ name: `e2e-up-${etcd.replace('.', '')}`, etcd });
    [worker] = await Promise.all([stage.start('worker'), stage.start('bot,reports')]);
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
  });
  afterAll(() => stage.down());

  /** Kills the worker as soon as a member runs as another process than before. */
  async function killBetween(before: readonly string[]): Promise<void> {
    await until(
      async () => (await pids(stage)).some((pid, at) => pid !== before[at]),
      runLimitMs,
      () => 'no member was restarted',
    );
    await worker.kill();
    worker = await stage.start('worker');
  }

  it('hands leadership to the member that was named', async () => {
    const elected = () => timesSaid(stage, 'became leader at term');
    const before = await elected();
    const from = await leader(stage);
    const at = stage.lab.hosts.findIndex(({ name }) => name !== from.name);
    const to = stage.lab.hosts[at]?.name ?? '';

    const view = await waitForEnd(stage, await startRun(stage, `move-leader demo ${to}`));

    expect(view.outcome, view.conclusion).toBe('completed');
    expect(view.conclusion).toContain(`${to} leads`);
    expect((await elected())[at]).toBeGreaterThan(before[at] ?? 0);
  });

  it(`restarts every member once, the leader last${dies ? ', with a worker that dies in between' : ''}, and writes go on`, async () => {
    const before = await pids(stage);
    // Also what a leader says that is stopped before leadership was taken from it.
    const handed = async () => (await timesSaid(stage, 'starts to transfer leadership to')).reduce((sum, times) => sum + times, 0);
    const handedBefore = await handed();
    const run = await startRun(stage, 'restart demo');
    if (dies) await killBetween(before);

    const view = await waitForEnd(stage, run);

    const after = await pids(stage);
    const starts = await Promise.all(
      stage.lab.hosts.map(async (host) => (await begunOn(host)).filter(({ command }) => command.startsWith('systemctl restart ')).length),
    );
    expect(view.outcome, view.conclusion).toBe('completed');
    for (const [at, pid] of after.entries()) expect(pid).not.toBe(before[at]);
    expect(starts).toEqual([1, 1, 1]);
    const acts = (await stage.runs.journal(run)).flatMap((entry) =>
      entry.type === 'command' ? entry.command.argv.filter((word) => word === 'restart' || word === 'move-leader') : [],
    );
    const handedNow = (await handed()) - handedBefore;
    // Nothing is handed on when an election that nobody asked for made one lead that had its turn.
    expect(handedNow).toBeLessThanOrEqual(1);
    expect(acts.slice(-2)).toEqual([handedNow === 1 ? 'move-leader' : 'restart', 'restart']);
    await stage.lab.etcdctl(['put', '/name/1', 'restarted']);
    expect(await valueOf(stage, '/name/1')).toBe('restarted');
  });

  it('stops one member without asking, waits for an approval to stop a second, and start brings both back', async () => {
    const first = await waitForEnd(stage, await startRun(stage, 'stop demo etcd03'));
    await othersServe(stage, 'etcd03');
    const run = await startRun(stage, 'stop demo etcd02');
    const gate = await waitForGate(stage, run, 'stop-without-quorum');
    const asked = await states(stage);
    await clickCard(stage, gate, 'approve', people.bob);
    const second = await waitForEnd(stage, run);
    const stopped = await states(stage);

    const started = await waitForEnd(stage, await startRun(stage, 'start demo'));

    expect(first.outcome, first.conclusion).toBe('completed');
    expect(asked).toEqual(['active', 'active', 'inactive']);
    expect(gate.reason).toContain('all writes to demo');
    expect(second.outcome, second.conclusion).toBe('completed');
    expect(second.conclusion).toContain('quorum is lost');
    expect(stopped).toEqual(['active', 'inactive', 'inactive']);
    expect(started.outcome, started.conclusion).toBe('completed');
    expect(started.conclusion).toContain('3 of 3 voters answer');
    await stage.lab.etcdctl(['put', '/name/1', 'back']);
  });

  it('says which member is meant when its name is mistyped', async () => {
    await say(stage, 'restart demo etcd04');

    const told = await stage.slack.message(
      channels.incident,
      ({ ephemeral_to, text }) => ephemeral_to === people.alice && text.includes('has no member'),
    );
    expect(told.text).toMatch(/Did you mean `etcd0\d`/);
  });

  it('does not start a member whose data is gone', async () => {
    await stage.lab.host('etcd03').fault('lose-data');

    const view = await waitForEnd(stage, await startRun(stage, 'start demo etcd03'));

    expect(view).toMatchObject({ outcome: 'failed', conclusion: expect.stringContaining('`replace-member demo etcd03`') });
    expect((await states(stage))[2]).toBe('inactive');
  });
});

describe('compact, defragment and disarm on a cluster of one', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-up-one', etcd: '3.5', members: 1 });
    await Promise.all([stage.start(), setQuota(stage, 16 * 1024 * 1024)]);
    await fill(stage);
  });
  afterAll(() => stage.down());

  it('frees, gives back, and takes the alarm back, each by its own verb', async () => {
    const early = await startRun(stage, 'disarm demo');
    await clickCard(stage, await waitForGate(stage, early, 'under-quota'), 'abort', people.alice);
    await waitForEnd(stage, early);

    const run = await startRun(stage, 'compact demo');
    await clickCard(stage, await waitForGate(stage, run, 'compact'), 'approve', people.bob);
    const compacted = await waitForEnd(stage, run);
    const defragmented = await waitForEnd(stage, await startRun(stage, 'defragment demo'));
    const disarmed = await waitForEnd(stage, await startRun(stage, 'disarm demo'));

    await stage.lab.etcdctl(['put', '/name/1', 'again']);
    expect(compacted.conclusion).toContain('`defragment demo` gives the room back');
    expect(defragmented.conclusion).toMatch(/etcd01: 1\d\.\d MB freed/);
    expect(defragmented.steps.find(({ id }) => id === 'defragment-leader')?.note).toContain('it served nothing for');
    expect(disarmed).toMatchObject({ outcome: 'completed', conclusion: expect.stringContaining('Alarms now: none.') });
    expect(await valueOf(stage, '/name/1')).toBe('again');
  });
});
