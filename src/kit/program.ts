/** The program that hosts get, as this checkout has it, and the hash that tells its versions apart. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the program's modules and the parts of the kit lie: deploy/host. */
export const hostFolder = fileURLToPath(new URL('../../deploy/host', import.meta.url));

/** One module of the package `etcd_medic_host`. */
export interface Module {
  /** `main.py` */
  readonly name: string;
  readonly content: string;
}

/** The program. */
export interface Program {
  /** Sorted by name. */
  readonly modules: readonly Module[];
  readonly sha256: string;
}

/** Reads the program. */
export function readProgram(folder = hostFolder): Program {
  const directory = `${folder}/etcd_medic_host`;
  const modules = readdirSync(directory)
    .filter((name) => name.endsWith('.py'))
    .toSorted()
    .map((name) => ({ name, content: readFileSync(`${directory}/${name}`, 'utf8') }));
  return { modules, sha256: programSha256(modules) };
}

/**
 * The sha256 of the concatenation, for each module by name, of its name, a newline and its bytes. The program computes the same over its
 * own files and says it in its first line (docs/host-protocol.md).
 */
export function programSha256(modules: readonly Module[]): string {
  const hash = createHash('sha256');
  // By bytes, as Python sorts, and not by a locale.
  for (const { name, content } of modules.toSorted((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name))))
    hash.update(`${name}\n${content}`);
  return hash.digest('hex');
}
