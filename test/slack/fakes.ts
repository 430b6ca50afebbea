/** Stand-ins for what the Slack folder is handed: runs, thread state, decisions, a clock; and journals to render. */
import { verifyChain } from '../../src/engine/chain.ts';
import type { Decision, Gate, JournalEntry, JournalEvent, RunRequest } from '../../src/engine/journal.ts';
import type { DecisionReceipt, Runs } from '../../src/engine/runs.ts';
import { viewOf } from '../../src/engine/view.ts';
import type { RunView } from '../../src/engine/view.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterName, RunId, UserId } from '../../src/ids.ts';
import { chained } from '../fakes/chain.ts';
import type { Seen } from '../../src/slack/seen.ts';
import type { ThreadRecord, ThreadState } from '../../src/slack/thread-state.ts';

/** A clock that stands still until it is set. */
export function fakeClock(start = '2026-11-22T03:12:00.000Z') {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    forward(ms: number) {
      now += ms;
    },
  };
}

/** Thread state in memory. */
export function memoryThreadState(): ThreadState & { readonly records: Map<RunId, ThreadRecord> } {
  const records = new Map<RunId, ThreadRecord>();
  return {
    records,
    get: async (run) => records.get(run),
    async set(run, record) {
      // As Redis would keep it.
      records.set(run, JSON.parse(JSON.stringify(record)) as ThreadRecord);
    },
    runAt: async (channel, ts) => [...records].find(([, record]) => record.channel === channel && record.root.ts === ts)?.[0],
  };
}

/** What was taken already, in memory. */
export function memorySeen(): Seen {
  const seen = new Set<string>();
  return {
    async isNew(id) {
      const isNew = !seen.has(id);
      seen.add(id);
      return isNew;
    },
  };
}

/** A run request as the tests use it. */
export function request(overrides: Partial<RunRequest> = {}): RunRequest {
  return {
    runId: RunId.parse('restore-prod-7f3a9c'),
    procedure: 'restore',
    cluster: ClusterName.parse('prod'),
    input: {},
    requester: { user: UserId.parse('U0ALICE'), channel: 'C0INCIDENT', via: 'slack' },
    mode: 'execute',
    requestedAt: '2026-11-22T03:12:00.000Z',
    ...overrides,
  };
}

/** Numbers and dates events: one every two seconds. */
export function journalOf(events: readonly JournalEvent[], start = '2026-11-22T03:12:01.000Z'): JournalEntry[] {
  return events.map((event, seq): JournalEntry => ({ ...event, seq, at: new Date(Date.parse(start) + seq * 2_000).toISOString() }));
}

/** An approval gate as the tests use it. */
export function gate(overrides: Partial<Gate> = {}): Gate {
  return {
    gateId: 'restore-prod-7f3a9c.1',
    kind: 'approval',
    stepId: 'replace-data',
    title: 'Stop etcd on 3 hosts and put the snapshot’s data in place of the present data-dirs',
    plan: ['etcd01', 'etcd02', 'etcd03'].flatMap((on) => [
      { on, argv: ['sudo', 'systemctl', 'stop', 'etcd'] },
      { on, argv: ['sudo', 'mv', '--no-target-directory', '/data/etcd/data', '/data/etcd/data.before-7f3a9c'] },
      { on, argv: ['sudo', 'mv', '--no-target-directory', '/data/etcd/data.restored-7f3a9c', '/data/etcd/data'] },
    ]),
    facts: {
      snapshot: '20261122T030105Z-rev48213',
      sha256: '5f0c1d9be27a…',
      'cluster id': 'cdf818194e3a8c32',
      'members that answer': 'etcd01',
      quorum: 'lost: 1 of 3 answers',
    },
    reason: 'all writes after revision 48213: 118 revisions, about 11 minutes.',
    digest: 'd'.repeat(64),
    required: 2,
    openedAt: '2026-11-22T03:13:00.000Z',
    expiresAt: '2026-11-22T03:43:00.000Z',
    ...overrides,
  };
}

/** Runs in memory: each with a journal; decisions are kept, once per person and gate. */
export function fakeRuns() {
  const journals = new Map<RunId, { run: RunRequest; entries: JournalEntry[] }>();
  const said = new Map<string, Decision[]>();
  const calls: { method: string; args: unknown[] }[] = [];
  let down = false;
  let workers = 1;
  const find = (run: RunId) => {
    if (down) throw new OpsError('QUEUE_UNAVAILABLE', 'Redis does not answer.');
    const found = journals.get(run);
    if (found === undefined) throw new OpsError('RUN_NOT_FOUND', `There is no run ${run}.`);
    return found;
  };
  const view = (run: RunId): RunView => {
    const { run: asked, entries } = find(run);
    return viewOf(asked, entries);
  };
  let next = 0;
  const runs: Runs = {
    async submit(asked) {
      calls.push({ method: 'submit', args: [asked] });
      if (down) throw new OpsError('QUEUE_UNAVAILABLE', 'Redis does not answer.');
      const holder = [...journals.keys()].map(view).find((one) => one.run.cluster === asked.cluster && one.state !== 'ended');
      if (holder !== undefined) return { state: 'held', by: holder };
      next += 1;
      const run = {
        ...asked,
        runId: RunId.parse(`${asked.procedure}-${asked.cluster}-${next.toString(16).padStart(6, '0')}`),
        requestedAt: '2026-11-22T03:12:00.000Z',
      };
      journals.set(run.runId, { run, entries: [] });
      return { state: 'started', run };
    },
    async ask(query) {
      calls.push({ method: 'ask', args: [query] });
      if (down) throw new OpsError('QUEUE_UNAVAILABLE', 'Redis does not answer.');
      return 'q1';
    },
    workers: async () => {
      if (down) throw new OpsError('QUEUE_UNAVAILABLE', 'Redis does not answer.');
      return workers;
    },
    list: async ({ cluster, limit }) =>
      [...journals.keys()]
        .map(view)
        .filter(({ run }) => cluster === undefined || run.cluster === cluster)
        .slice(0, limit),
    request: async (run) => find(run).run,
    verifyJournal: async (run) => verifyChain(find(run).run, chained(find(run).run, find(run).entries).stored),
    view: async (run) => view(run),
    journal: async (run) => find(run).entries,
    openGate: async (run) => view(run).openGate,
    async decide(gateId, saying): Promise<DecisionReceipt> {
      const { verdict, by } = saying;
      calls.push({ method: 'decide', args: [gateId, saying] });
      const decisions = said.get(gateId) ?? [];
      const aboutGlass = (one: Pick<Decision, 'verdict'>) => one.verdict === 'break-glass' || one.verdict === 'cancel-break-glass';
      const earlier = decisions.find((one) => one.by === by && !aboutGlass(one));
      if (earlier !== undefined && !aboutGlass(saying)) return { state: 'repeated', earlier };
      const last = decisions.findLast(aboutGlass);
      const standing = last?.verdict === 'break-glass' ? last : undefined;
      const open = [...journals.keys()].map(view).find(({ openGate }) => openGate?.gateId === gateId)?.openGate;
      if (open === undefined) return { state: 'closed', how: 'it was settled before.' };
      const first = decisions.find((one) => one.verdict === 'choose');
      if (verdict === 'choose' && first !== undefined) return { state: 'forestalled', earlier: first };
      if (verdict === 'break-glass' && standing !== undefined) return { state: 'forestalled', earlier: standing };
      if (verdict === 'cancel-break-glass' && standing === undefined) return { state: 'nothing' };
      said.set(gateId, [...decisions, { ...saying, at: '2026-11-22T03:14:00.000Z' }]);
      return {
        state: 'recorded',
        approvals: (said.get(gateId) ?? []).filter((one) => one.verdict === 'approve').length,
        required: open.required,
      };
    },
    async abort(run, by) {
      calls.push({ method: 'abort', args: [run, by] });
      return { state: view(run).state === 'ended' ? 'ended-already' : 'asked' };
    },
  };
  return {
    runs,
    calls,
    decisions: { at: async (gateId: string) => said.get(gateId) ?? [] },
    put(run: RunRequest, entries: JournalEntry[]) {
      journals.set(run.runId, { run, entries });
    },
    fall() {
      down = true;
    },
    /** Every worker is gone. */
    loseWorkers() {
      workers = 0;
    },
  };
}
