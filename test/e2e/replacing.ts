/** What the end-to-end tests of `replace-member` share: answering its gates, and looking at the cluster past the bot. */
import type { RunView } from '../../src/engine/view.ts';
import type { RunId } from '../../src/ids.ts';
import { clickCard, waitFor } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';

/** Longer than the start of a member may take. */
const replacedWithinMs = 150_000;

/** Approves every gate as it comes, but declines the deletion of old data; ends at the run's end or at a failure. */
export async function approveAll(stage: Stage, run: RunId): Promise<RunView> {
  for (;;) {
    const view = await waitFor(stage, run, ({ openGate, state }) => openGate !== undefined || state === 'ended', replacedWithinMs);
    const gate = view.openGate;
    if (gate === undefined || gate.kind === 'failure') return view;
    await clickCard(stage, gate, gate.stepId === 'delete-old-data' ? 'reject' : 'approve');
    await waitFor(stage, run, ({ openGate, state }) => state === 'ended' || openGate?.gateId !== gate.gateId, replacedWithinMs);
  }
}

/** A member as `member list` has it. */
export interface ListedMember {
  readonly ID: number;
  readonly name?: string;
  readonly isLearner?: boolean;
  readonly peerURLs: readonly string[];
}

/** The member list, read past the bot through these client URLs. */
export async function membersOf(stage: Stage, endpoints?: readonly string[]): Promise<readonly ListedMember[]> {
  const { stdout } = await stage.lab.etcdctl(['member', 'list', '-w', 'json'], endpoints === undefined ? {} : { endpoints });
  return (JSON.parse(stdout) as { members: ListedMember[] }).members;
}

/** Names of all voters that have started, in order. */
export async function votersOf(stage: Stage, endpoints?: readonly string[]): Promise<string[]> {
  const members = await membersOf(stage, endpoints);
  return members.flatMap(({ name, isLearner }) => (name !== undefined && name !== '' && isLearner !== true ? [name] : [])).toSorted();
}

/** A value as one member has it in its own store. */
export async function storedBy(stage: Stage, clientUrl: string, key: string): Promise<string> {
  const { stdout } = await stage.lab.etcdctl(['get', key, '--print-value-only', '--consistency=s'], { endpoints: [clientUrl] });
  return stdout.trim();
}

/** What a step said, or why it failed. */
export function saidBy(view: RunView, stepId: string): string {
  const step = view.steps.find(({ id }) => id === stepId);
  return [step?.note, step?.failure?.because].filter(Boolean).join('\n');
}
