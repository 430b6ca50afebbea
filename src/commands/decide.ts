/** Decisions at gates, typed or clicked: asked for permission, bound to what was shown, recorded once, and answered with what is true. */
import type { Clock } from '../engine/ports.ts';
import { gateCode } from '../engine/gate-code.ts';
import type { Decision, Gate, GateKind, RunRequest } from '../engine/journal.ts';
import type { Runs } from '../engine/runs.ts';
import type { RunView } from '../engine/view.ts';
import type { Option } from '../engine/step.ts';
import { RunId } from '../ids.ts';
import type { ClusterName, UserId } from '../ids.ts';
import { didYouMean, quoted } from './nearest.ts';
import { inWords, receipt } from './receipt.ts';
import { refused } from './reply.ts';
import type { Person, Reply } from './reply.ts';
import { nextAtGate, standing } from './run-words.ts';
import { anotherCard, fits, unclear } from './which-card.ts';

type Allowed = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/** The rules, as `access/` implements them. */
export interface Permissions {
  mayEnter(person: Person): Allowed;
  mayAskHere(person: Person, cluster: ClusterName): Allowed;
  mayAsk(person: Person, cluster: ClusterName, permission: 'read' | 'operate'): Promise<Allowed>;
  mayDecide(
    person: Person,
    cluster: ClusterName,
    deciding: {
      readonly verdict: Decision['verdict'];
      readonly gate: GateKind;
      readonly requestedBy: UserId;
      readonly freshness?: 'now' | 'recent';
    },
  ): Promise<Allowed>;
  /** What a person may do on a cluster from where they stand; `approve` what somebody else asked for. */
  rightsOf(
    person: Person,
    cluster: ClusterName,
  ): Promise<{ readonly here: boolean; readonly read: boolean; readonly operate: boolean; readonly approve: boolean }>;
}

/** What a button carries. */
export interface GateClick {
  readonly gateId: string;
  readonly digest: string;
  readonly verdict: Decision['verdict'];
  /** The option, with `choose`. */
  readonly option?: string | undefined;
  /** What was typed in the window that the click opened. */
  readonly typed?: string | undefined;
}

/** What a person says. */
interface Saying {
  readonly verdict: Decision['verdict'];
  readonly option?: string | undefined;
  readonly typed?: string | undefined;
}

interface Deps {
  readonly permissions: Permissions;
  readonly runs: Runs;
  readonly clock: Pick<Clock, 'now'>;
}

/** What is typed about a run, with the code of the card it answers when one was typed. */
export interface TypedAt {
  readonly run: RunId;
  readonly code?: string | undefined;
}

/** `approve <run> <code>` and its like: decides at the gate that is open now, if there is no doubt that it is meant. */
export async function decide(deps: Deps, { run, code, ...saying }: Saying & TypedAt, person: Person): Promise<Reply> {
  const view = await deps.runs.view(run);
  const gate = view.openGate;
  const allowed = await permission(deps, person, view, { ...saying, gate });
  if (allowed !== undefined) return allowed;
  if (gate === undefined) return code === undefined ? waitsForNobody(view) : anotherCard(view, code);
  const { verdict } = saying;
  if ((code === undefined || code === gateCode(gate.gateId)) && !fits(gate, verdict)) return unfitting(gate, run, verdict);
  const doubt = unclear(view, gate, { verdict, code }, deps.clock.now());
  return doubt ?? say(deps, { ...saying, gate, run: view.run, clicked: false }, person);
}

/** A click: only for the very gate and plan on the card, and where the gate asks for it only with the name typed. */
export async function decideAtGate(deps: Deps, { gateId, digest, ...saying }: GateClick, person: Person): Promise<Reply> {
  const run = RunId.parse(gateId.replace(/\.[^.]*$/, ''));
  const view = await deps.runs.view(run);
  const gate = view.openGate;
  const allowed = await permission(deps, person, view, { ...saying, gate });
  if (allowed !== undefined) return allowed;
  if (gate === undefined || gate.gateId !== gateId) {
    return refused(
      'GATE_CLOSED',
      `This was settled before your click; nothing was recorded. ${run} ${standing(view)}.`,
      gate === undefined ? `\`show ${run}\` says more.` : 'The newest card in the thread is the one to answer.',
    );
  }
  if (gate.digest !== digest)
    return refused(
      'GATE_CLOSED',
      'The plan has moved since this card was shown; nothing was recorded.',
      'Read the card again: it is being brought up to date.',
    );
  return say(deps, { ...saying, gate, run: view.run, clicked: true }, person);
}

/** `abort <run>`: at a gate at once, otherwise between two steps. With the code of a card, only while that one is open. */
export async function endRun(deps: Deps, { run, code }: TypedAt, person: Person): Promise<Reply> {
  const view = await deps.runs.view(run);
  const gate = view.openGate;
  const allowed = await permission(deps, person, view, { verdict: 'abort', gate });
  if (allowed !== undefined) return allowed;
  if (gate === undefined && code !== undefined && view.state !== 'ended') return anotherCard(view, code);
  const doubt = gate === undefined ? undefined : unclear(view, gate, { verdict: 'abort', code }, deps.clock.now());
  if (doubt !== undefined) return doubt;
  const { state } = await deps.runs.abort(run, person.user);
  if (state === 'ended-already') return receipt(run, false, `${run} has ended already; there is nothing to abort.`);
  const running = view.steps.find((step) => step.state === 'running');
  const first = running === undefined ? 'the step that runs now' : `“${running.title}”, which runs now,`;
  const when =
    gate === undefined ? `It ends before its next step; ${first} is finished first.` : `It ends where it waits, at “${gate.title}”.`;
  return receipt(run, true, `The abort of ${run} is recorded. ${when}`);
}

/** That a run is at no gate, and where it is. */
export function waitsForNobody(view: RunView): Reply {
  const { runId: run } = view.run;
  return refused('GATE_CLOSED', `${run} waits for nobody: it ${standing(view)}.`, `\`show ${run}\` says where it stands.`);
}

/** Why a person may not say this at the gate of a run; nothing when the person may. */
export async function permission(
  { permissions }: Pick<Deps, 'permissions'>,
  person: Person,
  { run }: Pick<RunView, 'run'>,
  { verdict, gate }: { readonly verdict: Decision['verdict']; readonly gate: Gate | undefined },
): Promise<Reply | undefined> {
  const allowed = await permissions.mayDecide(person, run.cluster, {
    verdict,
    gate: gate?.kind ?? (verdict === 'retry' ? 'failure' : 'approval'),
    requestedBy: run.requester.user,
    // Where quorum is at stake nobody gets further on what is remembered of a group.
    freshness: gate?.confirm === undefined ? 'recent' : 'now',
  });
  return allowed.allowed
    ? undefined
    : refused('NOT_ALLOWED', allowed.because, 'Nothing was recorded; the gate stays open for those who may.');
}

/** What is said at one gate. */
interface Word extends Saying {
  readonly gate: Gate;
  readonly run: Pick<RunRequest, 'runId' | 'cluster'>;
  /** On a card, which can ask for more in a window. */
  readonly clicked: boolean;
}

/** Why a yes does not count as it was typed: without the name where the gate asks for it, with another name, or with one that no gate asked for. */
function mistyped(cluster: ClusterName, { kind, title, confirm }: Gate, { verdict, typed }: Saying): string | undefined {
  if (kind !== 'approval' || verdict !== 'approve') return undefined;
  if (typed === undefined)
    return confirm === undefined ? undefined : `A yes to “${title}” takes the name of the cluster too; nothing was recorded.`;
  if (confirm === undefined) return `“${title}” asks for no name, so ${quoted(typed)} was meant for another step; nothing was recorded.`;
  return typed === cluster ? undefined : `${quoted(typed)} is not the name of the cluster, which is \`${cluster}\`; nothing was recorded.`;
}

/** That a word does not fit the gate a run is at. */
export function unfitting(gate: Gate, run: RunId, verdict: Decision['verdict']): Reply {
  return refused('INPUT_INVALID', `${run} ${waitsAt[gate.kind]}; \`${verdict}\` does not fit there.`, `Say ${nextAtGate(run, gate)}.`);
}

async function say(
  deps: Deps,
  { gate, run: { runId: run, cluster }, clicked, verdict, option, typed }: Word,
  person: Person,
): Promise<Reply> {
  if (!fits(gate, verdict)) return unfitting(gate, run, verdict);
  if (deps.clock.now().getTime() >= Date.parse(gate.expiresAt))
    return receipt(run, false, `“${gate.title}” (${run}) has expired; nothing was recorded.`);
  const next = `Say ${nextAtGate(run, gate)}.`;
  const untyped = mistyped(cluster, gate, { verdict, typed });
  if (untyped !== undefined && clicked && typed === undefined) return { kind: 'confirm', gate, confirm: cluster, sentence: untyped, next };
  if (untyped !== undefined) return refused('INPUT_INVALID', untyped, next);
  const saying = { run, gate, verdict };
  if (verdict !== 'choose')
    return inWords(saying, await deps.runs.decide(gate.gateId, { verdict, by: person.user, ...(typed !== undefined && { typed }) }));
  const chosen = optionAt(gate, run, option ?? '');
  if ('kind' in chosen) return chosen;
  return inWords(saying, await deps.runs.decide(gate.gateId, { verdict, option: chosen.id, by: person.user }));
}

/** The option that is meant, or why it cannot be chosen. */
function optionAt(gate: Gate, run: RunId, word: string): Option | Reply {
  const { options = [] } = gate;
  const option = options.find(({ id }) => id === word);
  if (option === undefined) {
    const ids = options.map(({ id }) => id);
    return refused(
      'INPUT_INVALID',
      `${quoted(word)} is not one of the ways there are.${didYouMean(word, ids)}`,
      `Say ${nextAtGate(run, gate)}.`,
    );
  }
  if (!option.possible)
    return refused('INPUT_INVALID', `“${option.title}” is not possible: ${option.detail}`, `Say ${nextAtGate(run, gate)}.`);
  return option;
}

const waitsAt: Readonly<Record<GateKind, string>> = {
  approval: 'waits for an approval',
  failure: 'waits after a failed step',
  choice: 'waits for a choice',
};
