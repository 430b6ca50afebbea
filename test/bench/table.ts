/** The results as Markdown: a header with the machine's facts, then one row per figure. */
import type { Absence, Figure, Machine, Results } from './figures.ts';
import { spreadOf } from './medians.ts';
import type { Spread } from './medians.ts';
import { judge } from './targets.ts';

/** The whole of bench.md. */
export function markdownOf({ machine, runs, startedAt, tookSeconds, figures, skipped, failed }: Results): string {
  return [
    '# Measured',
    '',
    `Medians of ${runs} ${runs === 1 ? 'run' : 'runs'}, smallest and largest in brackets; script and bot in turn, in the same run on the same lab.`,
    '',
    ...machineLines(machine, startedAt, tookSeconds),
    '',
    '| case | data | figure | by hand | the bot | target | |',
    '|---|---|---|---|---|---|---|',
    ...figures.map((figure) => `| ${cellsOf(figure).join(' | ')} |`),
    ...absences('Not measured', skipped),
    ...absences('Failed', failed),
    '',
  ].join('\n');
}

function machineLines(machine: Machine, startedAt: string, tookSeconds: number): string[] {
  const { cores, processor, memoryMegabytes, diskFreeMegabytes, kernel, etcd, etcdctl, node, loadAverage } = machine;
  return [
    `- ${startedAt.slice(0, 16).replace('T', ' ')} UTC, took ${Math.floor(tookSeconds / 60)} min ${Math.round(tookSeconds % 60)} s`,
    `- ${cores} cores (${processor}), ${gigabytes(memoryMegabytes)} of memory, ${gigabytes(diskFreeMegabytes)} of disk free, load ${loadAverage.toFixed(1)} at the start`,
    `- Linux ${kernel}; etcd ${etcd} on three hosts of this machine, etcdctl ${etcdctl}, Node ${node}`,
  ];
}

function cellsOf(figure: Figure): readonly string[] {
  const { case: name, megabytes, what, unit, target } = figure;
  const bot = spreadOf(figure.bot);
  const hand = figure.hand === undefined ? undefined : spreadOf(figure.hand);
  const verdict = target === undefined ? undefined : judge(target, { bot, hand });
  const limit =
    verdict === undefined ? '' : `${target?.kind === 'at-least-of-hand' ? 'at least' : 'at most'} ${amount(verdict.limit)} ${unit}`;
  return [
    name,
    megabytes === undefined ? '' : sizeInWords(megabytes),
    what,
    hand === undefined ? '' : cell(hand, unit),
    cell(bot, unit),
    limit,
    verdict === undefined ? '' : verdict.met ? 'met' : '**missed**',
  ];
}

function cell({ median, min, max, runs }: Spread, unit: string): string {
  return runs === 1 ? `${amount(median)} ${unit}` : `${amount(median)} ${unit} (${amount(min)}–${amount(max)})`;
}

/** Three digits that mean something. */
function amount(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

/** `1 MB`, `100 MB`, `1 GB`. */
export function sizeInWords(megabytes: number): string {
  return megabytes >= 1_000 ? `${megabytes / 1_000} GB` : `${megabytes} MB`;
}

function gigabytes(megabytes: number): string {
  return `${Math.round(megabytes / 1_000)} GB`;
}

function absences(title: string, rows: readonly Absence[]): string[] {
  if (rows.length === 0) return [];
  return [
    '',
    `${title}:`,
    ...rows.map(
      ({ case: name, megabytes, because }) => `- ${name}${megabytes === undefined ? '' : `, ${sizeInWords(megabytes)}`}: ${because}`,
    ),
  ];
}
