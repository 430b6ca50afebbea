/** What one request to a host is, and its answer, before either is JSON. */
import type { RunId } from '../ids.ts';
import type { Send, Take } from './conversation.ts';

/** One request. */
export interface HostRequest {
  readonly verb: 'look' | 'database' | 'reach' | 'plan' | 'settings-before' | 'do' | 'fetch' | 'v2-inspect' | 'several';
  /** As a function: asked for when it is sent, and again when it is sent again. */
  readonly arguments: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>);
  /** For sentences: `do stop`. */
  readonly what: string;
  readonly limitMs: number;
  /** The run whose names a plan is made of. A change goes in the name of the tenure's. */
  readonly run?: RunId;
  /** Looks that will be asked for right after it: their answers come with its own. For `do` alone. */
  readonly after?: readonly HostRequest[];
  readonly send?: Send;
  readonly take?: Take;
}

/** What came of it, and when, by the bot's clock, it was asked and answered. */
export interface HostAnswer {
  readonly done: unknown;
  /** sha256 of the program that answered. */
  readonly program: string;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** As a part of another request. */
export function partOf(request: HostRequest): Readonly<Record<string, unknown>> {
  const { verb, run } = request;
  return { verb, arguments: argumentsOf(request), ...(run !== undefined && { run }) };
}

/** What it asks with, now. */
export function argumentsOf({ arguments: given }: Pick<HostRequest, 'arguments'>): Readonly<Record<string, unknown>> {
  return typeof given === 'function' ? given() : given;
}
