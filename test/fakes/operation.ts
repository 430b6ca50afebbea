/** What an act on a host in memory is made of, and where it happens. */
import { OpsError } from '../../src/errors.ts';
import type { RunId } from '../../src/ids.ts';
import type { Data, Machine, Site } from './machine.ts';

/** One host, for one run. */
export interface On {
  readonly machine: Machine;
  readonly site: Site;
  readonly run: RunId;
  /** The data behind a snapshot's sha256. */
  readonly contentOf: (sha256: string) => Data | undefined;
}

/** One command of a plan, and what it does. */
export interface Operation {
  readonly argv: readonly string[];
  readonly apply: () => void;
  /** What is left behind when it is cut in the middle, where that is not the operations before it. */
  readonly half?: () => void;
}

/** Where a run keeps its things. */
export function pathsOf({ dataDir }: Pick<Site, 'dataDir'>, run: RunId) {
  return {
    snapshot: `${dataDir}.${run}.snapshot`,
    restored: `${dataDir}.${run}.new`,
    aside: `${dataDir}.${run}.old`,
    undone: `${dataDir}.${run}.undone`,
  };
}

/** A refusal in one sentence. */
export function refused({ machine: { member } }: Pick<On, 'machine'>, because: string): OpsError {
  return new OpsError('HOST_COMMAND_FAILED', `${member}: ${because}.`);
}
