/** bench.json, written again and again. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBench, writeResults } from './results-file.ts';
import { figure, results } from './results.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'bench-results-'));
});
afterEach(async () => await rm(out, { recursive: true }));

describe('writeResults', () => {
  const plain = results({ figures: [figure({ bot: [1] }), figure({ case: 'status', bot: [2] })] });
  const again = results({ figures: [figure({ bot: [3] })] });

  it('keeps what is known of other networks, also when all cases were measured', async () => {
    await writeResults(plain, { out, network: 'plain', keep: false });
    await writeResults(again, { out, network: 'lan', keep: false });

    expect(await readBench(out)).toEqual({ plain, lan: again });
  });

  it('keeps other cases of the same network only when some were asked for', async () => {
    await writeResults(plain, { out, network: 'lan', keep: false });
    const some = await writeResults(again, { out, network: 'lan', keep: true });
    const all = await writeResults(again, { out, network: 'lan', keep: false });

    expect(some.lan?.figures.map(({ bot }) => bot)).toEqual([[2], [3]]);
    expect(all.lan?.figures.map(({ bot }) => bot)).toEqual([[3]]);
  });
});

describe('readBench', () => {
  const plainOnly = results({ figures: [figure()] });

  it('takes results from before there were networks for those of the plain one', async () => {
    await writeFile(join(out, 'bench.json'), JSON.stringify(plainOnly));

    expect(await readBench(out)).toEqual({ plain: plainOnly });
  });
});
