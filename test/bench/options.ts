/** What `npm run bench -- …` was asked for. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EtcdVersion, NetworkProfile } from '../lab/lab.ts';
import { networkProfiles } from '../lab/network-profiles.ts';
import { cases } from './cases/index.ts';
import type { Case } from './cases/index.ts';

/** Ignored by git. */
const outDefault = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

const usage = `usage: npm run bench -- [OPTIONS]

  --sizes 1,100,1000   megabytes of data
  --runs 5             measurements of each kind and side
  --only restore,…     ${cases.map(({ id }) => id).join(' ')}; what bench.json says of the others stays
  --etcd 3.4           or 3.5
  --network plain      or lan, wan (test/lab/README.md); what bench.json says of the others stays
  --out DIR            for bench.md and bench.json; .cache/bench/etcd-VERSION when not given
  --render             make bench.md anew from bench.json and measure nothing
`;

/** The options, checked. */
export interface Options {
  readonly sizes: readonly number[];
  readonly runs: number;
  readonly cases: readonly Case[];
  readonly etcd: EtcdVersion;
  readonly network: NetworkProfile;
  readonly out: string;
  /** Whether results of cases that were not asked for are kept. */
  readonly keep: boolean;
  readonly render: boolean;
}

/** @throws Error with the usage */
export function optionsOf(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      sizes: { type: 'string', default: '1,100,1000' },
      runs: { type: 'string', default: '5' },
      only: { type: 'string' },
      etcd: { type: 'string', default: '3.4' },
      network: { type: 'string', default: 'plain' },
      out: { type: 'string' },
      render: { type: 'boolean', default: false },
    },
  });
  const sizes = values.sizes.split(',').map(Number);
  const runs = Number(values.runs);
  const names = values.only?.split(',') ?? cases.map(({ id }) => id);
  const unknown = names.filter((name) => !cases.some(({ id }) => id === name));
  if (!sizes.every((size) => Number.isInteger(size) && size > 0) || !Number.isInteger(runs) || runs < 1 || unknown.length > 0)
    throw new Error(usage);
  const network = networkProfiles.find((profile) => profile === values.network);
  if (network === undefined) throw new Error(usage);
  if (values.etcd !== '3.4' && values.etcd !== '3.5') throw new Error(usage);
  return {
    sizes: sizes.toSorted((a, b) => a - b),
    runs,
    cases: cases.filter(({ id }) => names.includes(id)),
    etcd: values.etcd,
    network,
    out: values.out ?? join(outDefault, `etcd-${values.etcd}`),
    keep: values.only !== undefined,
    render: values.render,
  };
}
