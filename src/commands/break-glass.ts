/** `break-glass <run> [cluster] <reason…>`: one person's yes that counts alone, after a delay in which anybody may cancel it. */
import type { Cluster } from '../config/schema.ts';
import type { Gate, RunRequest } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs } from '../engine/runs.ts';
import { permission, unfitting, waitsForNobody } from './decide.ts';
import type { Permissions, TypedAt } from './decide.ts';
import { quoted } from './nearest.ts';
import { inWords, receipt } from './receipt.ts';
import { refused } from './reply.ts';
import type { Person, Reply } from './reply.ts';
import { wordsFor } from './run-words.ts';
import { anotherCard, fits, unclear } from './which-card.ts';

/** What config.yaml says of breaking the glass on a cluster. */
export interface GlassRules {
  readonly approvals?: Pick<Cluster['approvals'], 'breakGlass'> | undefined;
}

interface Deps {
  readonly permissions: Permissions;
  readonly runs: Runs;
  readonly clock: Pick<Clock, 'now'>;
  readonly clusters: Readonly<Record<string, GlassRules>>;
}

/** A sentence or two; more belongs into the thread. */
const reasonCharactersMax = 300;

/** Breaks the glass at the gate that is open now, if there is no doubt that it is meant. */
export async function breakGlass(
  deps: Deps,
  { run, code, words }: TypedAt & { readonly words: readonly string[] },
  person: Person,
): Promise<Reply> {
  const verdict = 'break-glass';
  const view = await deps.runs.view(run);
  const gate = view.openGate;
  const allowed = await permission(deps, person, view, { verdict, gate });
  if (allowed !== undefined) return allowed;
  if (gate === undefined) return code === undefined ? waitsForNobody(view) : anotherCard(view, code);
  if (code === undefined && !fits(gate, verdict)) return unfitting(gate, run, verdict);
  const doubt = unclear(view, gate, { verdict, code }, deps.clock.now());
  if (doubt !== undefined) return doubt;
  if (!fits(gate, verdict)) return unfitting(gate, run, verdict);
  const nowMs = deps.clock.now().getTime();
  if (nowMs >= Date.parse(gate.expiresAt)) return receipt(run, false, `“${gate.title}” (${run}) has expired; nothing was recorded.`);
  if (gate.otherwise !== undefined)
    return refused(
      'INPUT_INVALID',
      `“${gate.title}” need not be done, so there is no reason to do it alone; nothing was recorded.`,
      `If nobody approves: ${gate.otherwise}`,
    );
  const read = reasonOf(gate, view.run, words);
  if ('kind' in read) return read;
  const delayMs = deps.clusters[view.run.cluster]?.approvals?.breakGlass?.delay;
  if (delayMs === undefined || nowMs + delayMs >= Date.parse(gate.expiresAt))
    return refused(
      'INPUT_INVALID',
      'This gate expires before a break-glass could count; nothing was recorded.',
      'Ask for the run anew, and break the glass at its gate.',
    );
  const saying = { verdict, by: person.user, delayMs, ...read } as const;
  return inWords({ run, gate, verdict, countsAt: new Date(nowMs + delayMs) }, await deps.runs.decide(gate.gateId, saying));
}

/** Takes the words apart: the name of the cluster where the gate asks for it, and the reason. */
function reasonOf(
  gate: Gate,
  { runId: run, cluster }: Pick<RunRequest, 'runId' | 'cluster'>,
  words: readonly string[],
): { readonly typed?: string; readonly reason: string } | Reply {
  const { confirm, title } = gate;
  const form = `Say \`${wordsFor('break-glass', gate, run)} <reason>\`.`;
  const [first = '', ...rest] = words;
  if (confirm === undefined && first === cluster)
    return refused(
      'INPUT_INVALID',
      `“${title}” asks for no name, so \`${cluster}\` was meant for another step; nothing was recorded.`,
      `${form} Begin the reason with another word.`,
    );
  if (confirm !== undefined && first !== confirm)
    return refused(
      'INPUT_INVALID',
      `Here the name of the cluster, \`${confirm}\`, comes before the reason${first === '' ? '' : `, and ${quoted(first)} is not it`}; nothing was recorded.`,
      form,
    );
  const reason = (confirm === undefined ? words : rest).join(' ').replaceAll(/\s+/g, ' ').trim();
  if (reason === '')
    return refused('INPUT_INVALID', 'Say why nobody else can approve: the reason stands in the channel and in the journal.', form);
  if (reason.length > reasonCharactersMax)
    return refused('INPUT_INVALID', `The reason has ${reason.length} characters; at most ${reasonCharactersMax} are taken.`, form);
  return { reason, ...(confirm !== undefined && { typed: confirm }) };
}
