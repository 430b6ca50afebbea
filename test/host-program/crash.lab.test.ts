/** The program on a real host, killed at each line that it says, and asked again: crash.py, which runs there. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { describeOnEach } from '../lab/versions.ts';

const script = readFileSync(new URL('crash.py', import.meta.url), 'utf8');
const place = '/root/crash.py';

describeOnEach('the program on a host with etcd %s, killed and asked again', (etcd) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: `prog-${etcd.replace('.', '')}`, etcd, members: 1, dataDirSizeMiB: 640 });
    await lab.host('etcd01').exec(['sh', '-c', `cat >${place}`], { input: script });
  });
  afterAll(async () => {
    await lab?.down();
  });

  it.each([
    ['fence', 3],
    ['fence, own unit file', 7],
    ['unmask-start', 4],
    ['unmask-start, own unit file', 6],
    ['swap', 5],
    ['swap, no data', 5],
    ['put-aside', 5],
    ['put-back', 5],
    ['delete-aside', 1],
    ['settings', 5],
    ['restore', 9],
    ['receive', 6],
  ])('ends %s and loses nothing', async (act, cutsAtLeast) => {
    const { stdout, stderr, exitCode } = await lab.host('etcd01').exec(['python3', '-I', place, act], { reject: false });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(Number(stdout)).toBeGreaterThanOrEqual(cutsAtLeast);
  });
});
