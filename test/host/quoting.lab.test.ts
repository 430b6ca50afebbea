/** Arguments over real ssh: each reaches the host as one argument, as it was, or nothing is run there. */
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpsError } from '../../src/errors.ts';
import { createShell } from '../../src/host/shell.ts';
import type { Shell } from '../../src/host/shell.ts';
import { MemberName } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { hostileArgument, isUnsayable, mayBeTooLong, saidBack, sayBack } from './hostile-arguments.ts';

const upWithinMs = 300_000;
const triesOverSsh = 60;

describe('an argument over ssh', () => {
  let lab: Lab;
  let dir: string;
  let shell: Shell;
  beforeAll(async () => {
    lab = await createLab({ name: 'quoting', etcd: '3.5', members: 1 });
    dir = await mkdtemp(join(tmpdir(), 'em-quoting-'));
    shell = createShell({
      member: MemberName.parse('etcd01'),
      target: { ...lab.ssh, address: lab.host('etcd01').address, controlPath: join(dir, '1') },
      record: () => undefined,
      clock: { now: () => new Date() },
      tenure: undefined,
    });
  }, upWithinMs);
  afterAll(async () => {
    await shell?.close();
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  it('arrives as one argument, as it was, or is refused before anything runs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileArgument, { minLength: 1, maxLength: 4 }), async (words) => {
        const said = await shell.run(sayBack(words)).then(
          ({ stdout }) => saidBack(stdout),
          (error: unknown) => error,
        );
        if (isOpsError(said, 'ARGUMENT_UNSAFE')) {
          expect(words.some(isUnsayable) || mayBeTooLong(words)).toBe(true);
          return;
        }
        expect(words.some(isUnsayable)).toBe(false);
        expect(said).toEqual(words);
      }),
      { numRuns: triesOverSsh },
    );

    const { stdout } = await lab.host('etcd01').exec(['find', '/tmp', '-name', 'injected']);
    expect(stdout.trim()).toBe('');
  });

  it('of 10 kB arrives whole, or is refused where quoting makes it more than a process takes', async () => {
    const words = ['x'.repeat(10_240), '"$(id)`id`\\'.repeat(1_024), '数据'.repeat(1_700), `it's `.repeat(1_000)];

    expect(saidBack((await shell.run(sayBack(words))).stdout)).toEqual(words);
    await expect(shell.run(sayBack([`'`.repeat(10_240)]))).rejects.toMatchObject({ code: 'ARGUMENT_UNSAFE' });
  });
});
