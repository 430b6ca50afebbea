/** Where a run keeps its things: beside the data-dir, on the same file system, so that a rename is enough. */
import { basename, dirname } from 'node:path/posix';
import type { RunId } from '../ids.ts';
import type { RunPaths } from './host.ts';

/** The paths of a run. deploy/sudoers allows exactly these. */
export function runPaths(dataDir: string, run: RunId): RunPaths {
  return { snapshot: `${dataDir}.${run}.snapshot`, restored: `${dataDir}.${run}.new`, aside: `${dataDir}.${run}.old` };
}

/** Half-made, until the rename. */
export function partOf(path: string): string {
  return `${path}.part`;
}

/** Inside the half-made directory: etcdctl 3.4 refuses a data-dir that exists, even an empty one. */
export function dataInPart(restored: string): string {
  return `${partOf(restored)}/data`;
}

/** The directory that holds the data-dir and all that lies beside it. */
export function parentOf(path: string): string {
  return dirname(path);
}

export function nameOf(path: string): string {
  return basename(path);
}
