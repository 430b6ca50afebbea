/** What lies on a host, out of a look: the data, and what runs keep beside it. */
import type { DirFacts, Part } from './host.ts';
import type { Entry } from './look.ts';
import type { Seen, Wanted } from './looks.ts';
import { unknownAnswer } from './failures.ts';

/** What a look must have for these parts. */
export function runsOf(parts: readonly Part[]): Pick<Wanted, 'runs'> {
  return { runs: parts.flatMap((part) => (part === 'data' ? [] : [part.run])) };
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN when the look does not have that run */
export function entryOf(where: string, { place }: Seen, part: Part): { readonly path: string; readonly entry: Entry } {
  if (part === 'data') return { path: place.target, entry: place.data };
  const ofRun = place.runs.get(part.run);
  if (ofRun === undefined) throw unknownAnswer({ where, what: 'look' }, `it says nothing of ${part.run}`);
  return { path: ofRun.paths[part.what], entry: ofRun[part.what] };
}

/** Beside the data, where what a run makes has its place. @throws OpsError HOST_OUTPUT_UNKNOWN when the host could not see it */
export function roomBeside(where: string, { free_bytes: freeBytes }: Seen): number {
  if (freeBytes === undefined) throw unknownAnswer({ where, what: 'look' }, 'it does not say how much room there is');
  return freeBytes;
}

function walOf({ place }: Seen, part: Part): string | undefined {
  if (part === 'data') return undefined;
  const { wal_aside: aside, wal_undone: undone } = place.runs.get(part.run) ?? {};
  return { aside, undone, snapshot: undefined, restored: undefined }[part.what];
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN when the look does not have that run */
export function dirFacts(where: string, seen: Seen, part: Part): DirFacts {
  const { path, entry } = entryOf(where, seen, part);
  if (entry === null) return { exists: false, path };
  const { user, group, mode, identity, bytes } = entry;
  const walPath = walOf(seen, part);
  return {
    exists: true,
    path,
    owner: user,
    group,
    mode,
    sizeBytes: bytes ?? 0,
    identity,
    empty: entry.empty === true,
    ...(walPath !== undefined && { walPath }),
  };
}
