/** What a look at one thing came to, for a person: good, worth a look, wrong, or not looked at. */
import { allOf, fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { ErrorCode } from '../errors.ts';

/** `not looked at` is a state of its own: what nobody saw is never good. */
export type Grade = 'good' | 'worth a look' | 'wrong' | 'not looked at';

/** One line of the checkup. */
export interface Check {
  /** What was looked at; the same in every version, for programs: `ports`, `tools` … */
  readonly id: string;
  /** Whom it is about: a member, `etcd`, `backups`, `settings`, `Redis`, `Slack`. */
  readonly about: string;
  readonly grade: Grade;
  /** One sentence, without the name of whom it is about. */
  readonly sentence: string;
  /** A command or a setting. What is wrong always has one. */
  readonly cure?: string;
  /** The error that a procedure ends with because of it. */
  readonly code?: ErrorCode;
}

/** Makes checks about one thing. */
export interface Saying {
  good(id: string, sentence: string): Check;
  worthALook(id: string, sentence: string, cure?: string): Check;
  wrong(id: string, sentence: string, cure: string, code?: ErrorCode): Check;
  notLookedAt(id: string, sentence: string, cure?: string): Check;
}

/** @param about a member, `etcd`, `Redis` … */
export function saying(about: string): Saying {
  return {
    good: (id, sentence) => ({ id, about, grade: 'good', sentence }),
    worthALook: (id, sentence, cure) => ({ id, about, grade: 'worth a look', sentence, ...(cure !== undefined && { cure }) }),
    wrong: (id, sentence, cure, code) => ({ id, about, grade: 'wrong', sentence, cure, ...(code !== undefined && { code }) }),
    notLookedAt: (id, sentence, cure) => ({ id, about, grade: 'not looked at', sentence, ...(cure !== undefined && { cure }) }),
  };
}

/**
 * The same for a procedure that is about to begin: only what is wrong keeps it from going on. What is worth a look becomes a remark, and what
 * could not be looked at is left out: with etcd down much cannot be known, and that must not be in the way of whoever brings it back.
 */
export function findingOf(checks: readonly Check[]): Finding {
  return allOf(
    checks.map(({ about, grade, sentence, cure }) => {
      if (grade === 'wrong') return fails(`${about}: ${sentence}${cure === undefined ? '' : ` ${cure}`}`);
      return grade === 'worth a look' ? holds(`${about}: ${sentence}`) : holds();
    }),
  );
}

/** The same, with the cluster's name in the commands to type. */
export function inCluster(cluster: string, checks: readonly Check[]): readonly Check[] {
  return checks.map((check) => (check.cure === undefined ? check : { ...check, cure: check.cure.replaceAll('<cluster>', cluster) }));
}

/** How many there are of each grade. */
export function tally(checks: readonly Check[]): Readonly<Record<Grade, number>> {
  const count = (grade: Grade) => checks.filter((check) => check.grade === grade).length;
  return {
    good: count('good'),
    'worth a look': count('worth a look'),
    wrong: count('wrong'),
    'not looked at': count('not looked at'),
  };
}
