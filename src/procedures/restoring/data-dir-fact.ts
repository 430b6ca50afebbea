/** Which directory is a data-dir and which one takes its place, as an approval's facts say it; read back when the run is to be undone. */
import type { Facts } from '../../engine/step.ts';
import type { DirFacts, Host } from '../../host/host.ts';
import { MemberName } from '../../ids.ts';

/** One host's swap by the identities of its two directories; undefined where there was none. */
export interface DataDirFact {
  readonly member: MemberName;
  readonly present: string | undefined;
  readonly replacement: string | undefined;
}

const label = 'data-dir on ';

/** Name and value. The form stands in journals: `dataDirFacts` must go on reading it. */
export function dataDirFact({ member }: Pick<Host, 'member'>, present: DirFacts, replacement: DirFacts): readonly [string, string] {
  return [`${label}${member}`, `${present.path} is ${identityOf(present)}; its replacement is ${identityOf(replacement)}`];
}

/** Its path, and where its WAL lies when that is apart. */
export function whereInWords(dir: DirFacts): string {
  return dir.exists && dir.walPath !== undefined ? `${dir.path} and its WAL ${dir.walPath}` : dir.path;
}

function identityOf(dir: DirFacts): string {
  return dir.exists ? dir.identity : 'missing';
}

/** The facts of that form among others. */
export function dataDirFacts(facts: Facts): readonly DataDirFact[] {
  return Object.entries(facts).flatMap(([name, value]) => {
    const member = MemberName.safeParse(name.startsWith(label) ? name.slice(label.length) : '');
    const [, present, replacement] = / is (\d+:\d+|missing); its replacement is (\d+:\d+|missing)$/.exec(value) ?? [];
    return member.success && present !== undefined
      ? [{ member: member.data, present: known(present), replacement: known(replacement) }]
      : [];
  });
}

function known(identity: string | undefined): string | undefined {
  return identity === 'missing' ? undefined : identity;
}

/** Whether it is the same directory: a device gets another number when its host starts again, an inode does not. */
export function isSameDirectory(one: string, other: string): boolean {
  return one.slice(one.indexOf(':')) === other.slice(other.indexOf(':'));
}
