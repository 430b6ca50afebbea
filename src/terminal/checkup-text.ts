/** The checkup as a terminal shows it: a line for each thing, its cure below; or one JSON object. */
import type { Check, Grade } from '../checkup/check.ts';

/** What was found, of the bot itself (`cluster` undefined) and of each cluster. */
interface Part {
  readonly cluster: string | undefined;
  readonly checks: readonly Check[];
}

const marks: Readonly<Record<Grade, string>> = { good: 'good', 'worth a look': 'LOOK', wrong: 'WRONG', 'not looked at': '?' };

/** What is wrong comes first only in the last line: the list is in the order of the things, so that two of them can be compared. */
export function checkupLines(parts: readonly Part[]): readonly string[] {
  const checks = parts.flatMap((part) => part.checks);
  const width = (of: (check: Check) => string) => Math.max(0, ...checks.map((check) => of(check).length));
  const [aboutWidth, idWidth] = [width(({ about }) => about), width(({ id }) => id)];
  const lines = parts.flatMap(({ cluster, checks: own }) => [
    ...(cluster === undefined ? [] : ['', cluster]),
    ...own.flatMap(({ grade, about, id, sentence, cure }) => [
      `${marks[grade].padEnd(5)}  ${about.padEnd(aboutWidth)}  ${id.padEnd(idWidth)}  ${sentence}`,
      ...(cure === undefined || grade === 'good' ? [] : [`${' '.repeat(aboutWidth + idWidth + 11)}-> ${cure}`]),
    ]),
  ]);
  return [...lines, '', summaryOf(checks)];
}

function summaryOf(checks: readonly Check[]): string {
  const count = (grade: Grade) => checks.filter((check) => check.grade === grade).length;
  const wrong = count('wrong');
  const rest = (['worth a look', 'not looked at', 'good'] as const)
    .filter((grade) => count(grade) > 0)
    .map((grade) => `${count(grade)} ${grade}`);
  return `${wrong === 0 ? 'Nothing is wrong' : `${wrong} wrong`}; ${rest.join(', ')}.`;
}

/** docs/terminal.md describes it. */
export function checkupJson(parts: readonly Part[]): Readonly<Record<string, unknown>> {
  const checks = parts.flatMap(({ cluster, checks: own }) => own.map((check) => ({ ...(cluster !== undefined && { cluster }), ...check })));
  return { kind: 'checkup', wrong: checks.filter(({ grade }) => grade === 'wrong').length, checks };
}
