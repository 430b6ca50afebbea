/** The results as Markdown: for each network a header with the machine's facts, then one row per figure. */
import type { NetworkProfile } from '../lab/lab.ts';
import { linkSpeedOf, networkProfiles } from '../lab/network-profiles.ts';
import type { Absence, Bench, Figure, Machine, Results } from './figures.ts';
import { inOrder } from './figures.ts';
import { spreadOf } from './medians.ts';
import type { Spread } from './medians.ts';
import { judge } from './targets.ts';

/** Shorter steps are left out of the table of steps. */
const shownFromSeconds = 0.1;

/** The whole of bench.md. */
export function markdownOf(bench: Bench): string {
  const sections = networkProfiles.flatMap((network) => {
    const results = bench[network];
    return results === undefined ? [] : sectionOf(network, results);
  });
  return ['# Measured', '', ...sections].join('\n');
}

function sectionOf(network: NetworkProfile, { machine, runs, startedAt, tookSeconds, skipped, failed, ...rest }: Results): string[] {
  const figures = inOrder(rest.figures);
  return [
    `## Network ${network}: ${speedInWords(network)}`,
    '',
    `Medians of ${runs} ${runs === 1 ? 'run' : 'runs'}, smallest and largest in brackets; script and bot in turn, in the same run on the same lab.`,
    '',
    ...machineLines(machine, startedAt, tookSeconds),
    '',
    '| case | data | figure | by hand | the bot | target | |',
    '|---|---|---|---|---|---|---|',
    ...figures.map((figure) => `| ${cellsOf(figure).join(' | ')} |`),
    ...stepTables(figures),
    ...absences('Not measured', skipped),
    ...absences('Failed', failed),
    '',
  ];
}

function speedInWords(network: NetworkProfile): string {
  const speed = linkSpeedOf(network);
  return speed === undefined
    ? 'links as fast as the machine'
    : `links of ${speed.mbitPerSecond} Mbit/s, ${speed.roundTripMs} ms from one to another and back`;
}

/** Where the bot's time goes, for each procedure: the steps that took a moment. */
function stepTables(figures: readonly Figure[]): string[] {
  const rows = figures.flatMap((figure) =>
    (figure.steps ?? [])
      .filter(({ seconds }) => seconds >= shownFromSeconds)
      .map((step) => [
        figure.case,
        figure.megabytes === undefined ? '' : sizeInWords(figure.megabytes),
        step.id,
        `${amount(step.seconds)} s`,
        `${amount(step.inCommandsSeconds)} s`,
        String(step.commands),
      ]),
  );
  if (rows.length === 0) return [];
  return [
    '',
    'Where the bot’s time goes, in its last run; hosts that work side by side count once, calls over gRPC that only look are no commands:',
    '',
    '| case | data | step | took | of it in commands | commands |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
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
