/** Results to test with. */
import type { Figure, Results } from './figures.ts';

/** A figure of `restore` at 100 MB, unless said otherwise. */
export function figure(over: Partial<Figure> = {}): Figure {
  return { case: 'restore', megabytes: 100, what: 'whole', unit: 's', bot: [1], measuredAt: '2026-11-22T10:00:00.000Z', ...over };
}

/** Results with these rows. */
export function results(over: Partial<Results> = {}): Results {
  return {
    machine: {
      cores: 2,
      processor: 'AMD EPYC',
      memoryMegabytes: 25_000,
      diskFreeMegabytes: 80_000,
      kernel: '6.1.0',
      etcd: '3.4.23',
      etcdctl: '3.4.23',
      node: '24.21.0',
      loadAverage: 0.26,
    },
    runs: 5,
    startedAt: '2026-11-22T10:00:00.000Z',
    tookSeconds: 1_625,
    figures: [],
    skipped: [],
    failed: [],
    ...over,
  };
}
