/** What a procedure is: a runbook as a value, from which command, help, plan, buttons, report and terminal follow. */
import type { z } from 'zod';
import type { Choices, Step } from '../engine/step.ts';
import type { Answer } from './answer.ts';
import type { LimitedCluster } from './key-limits.ts';
import type { World } from './world.ts';

/** One word after the cluster, or one option: enough for the grammar and the help text. */
export interface ArgumentSpec {
  /** The key in the input: `member`, `snapshot` … */
  readonly name: string;
  readonly kind: 'positional' | 'option' | 'flag';
  readonly required: boolean;
  /** May be said more than once; the words are separated by line ends then. */
  readonly repeatable?: true;
  /** Shown in the usage line: `<key>`, `--snapshot <id|latest>`. */
  readonly placeholder?: string;
  readonly description: string;
}

interface Described<Input> {
  /** The verb people type; the file's and the runbook page's name too. */
  readonly id: string;
  /** One line for the help. */
  readonly summary: string;
  /** Who may ask: `read` anyone in an allowed channel, or the cluster's readers where it has any; `operate` its operators. */
  readonly permission: 'read' | 'operate';
  /** What is named first: a cluster, or (`run`) an earlier run, whose cluster it is then about; the input gets it as `run`. */
  readonly about?: 'cluster' | 'run';
  readonly arguments: readonly ArgumentSpec[];
  /** Takes the words as strings (flags as booleans); its messages are shown to the person. */
  readonly input: z.ZodType<Input>;
  /** What the cluster's configuration forbids beyond the permission: asked at once where it is typed, and by the worker again. Throws NOT_ALLOWED. */
  permits?(input: Input, cluster: LimitedCluster): void;
}

/** A runbook: steps that act, on the queue, with gates and a journal. */
export interface Procedure<Input = unknown, Prepared = unknown> extends Described<Input> {
  readonly type: 'procedure';
  /** Only one exclusive run lives on a cluster at a time. */
  readonly exclusive: boolean;
  /** What `prepare` settled, as it stands in the journal (JSON): parsed again on every resume. */
  readonly prepared: z.ZodType<Prepared>;
  /** Fixes once, when the run begins, what must not move later: which snapshot, which member id. Looks, and changes nothing. */
  prepare(input: Input, world: World): Promise<{ readonly prepared: z.input<z.ZodType<Prepared>>; readonly summary: string }>;
  /**
   * The steps. Pure: made anew on every resume, and after every choice, from what was prepared, the run id and what was chosen so far
   * (ids of options by the ids of `choose` steps; empty before). The steps up to a choice and the choice itself do not depend on it.
   */
  steps(prepared: Prepared, world: World, choices: Choices): readonly Step[];
  /** Tidies up when the run ends without having been completed, and says how things stand. Safe to repeat. */
  abandon?(prepared: Prepared, world: World, choices: Choices): Promise<string>;
  /** The sentences of the final report. */
  conclusion?(prepared: Prepared, world: World, choices: Choices): Promise<string>;
}

/** A question: reads and answers, changes nothing, has no steps. */
export interface Query<Input = unknown> extends Described<Input> {
  readonly type: 'query';
  answer(input: Input, world: World): Promise<Answer>;
}

/** Anything a person can ask for by a verb that a worker carries out. */
export type Verb = Procedure | Query;

/** Declares a procedure. */
export function defineProcedure<Input, Prepared>(procedure: Omit<Procedure<Input, Prepared>, 'type'>): Procedure {
  return { type: 'procedure', ...procedure } as unknown as Procedure;
}

/** Declares a query. */
export function defineQuery<Input>(query: Omit<Query<Input>, 'type'>): Query {
  return { type: 'query', ...query } as unknown as Query;
}
