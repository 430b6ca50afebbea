/** The swap: one row of its table per test, and no move without proof. */
import { describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { runPaths } from '../../src/host/paths.ts';
import { parsePlace, placeLooks } from '../../src/host/moves.ts';
import { decideSwap, swapDataDir } from '../../src/host/swap.ts';
import type { Shell } from '../../src/host/shell.ts';
import { fakeShell } from './fake-shell.ts';

const dataDir = '/data/etcd/data';
const paths = runPaths(dataDir, RunId.parse('restore-prod-7f3a9c'));

describe('decideSwap', () => {
  it.each([
    [{ dataDir: true, restored: true, aside: false }, ['move-aside', 'move-in']],
    [{ dataDir: false, restored: true, aside: true }, ['move-in']],
    [{ dataDir: true, restored: false, aside: true }, []],
    [{ dataDir: false, restored: true, aside: false }, ['stand-in', 'move-in']],
  ])('with %j moves %j', (present, moves) => {
    expect(decideSwap(present)).toEqual({ moves });
  });

  it.each([
    [{ dataDir: true, restored: true, aside: true }, 'something made it since'],
    [{ dataDir: true, restored: false, aside: false }, 'no restored data'],
    [{ dataDir: false, restored: false, aside: true }, 'the old data is still aside'],
    [{ dataDir: false, restored: false, aside: false }, 'neither'],
  ])('with %j refuses', (present, because) => {
    expect(decideSwap(present)).toEqual({ refuse: expect.stringContaining(because) as string });
  });
});

/** A host in memory with the directories of the table; `mv` can be made to do nothing, as -n does when something is in the way. */
function machine(present: Record<string, string>, { mvWorks = true, mvCopies = false, mountInfo = '', type = 'd' } = {}) {
  const dirs = new Map(Object.entries(present));
  const row = (path: string, inode: string, kind: string) => `${path}\t${kind}\tetcd\tetcd\t700\t8\t${inode}\t4096\0`;
  const shell = fakeShell((line) => {
    if (line.startsWith('sudo find'))
      return row('/data/etcd', '1', 'd') + [...dirs].map(([path, inode]) => row(path, inode, path === dataDir ? type : 'd')).join('');
    if (line.startsWith('cat /proc')) return mountInfo;
    const [, command, ...args] = line.split(' ');
    const [from = '', to = ''] = args.slice(-2);
    if (command === 'mv' && mvWorks && !dirs.has(to)) {
      dirs.set(to, mvCopies ? '77' : (dirs.get(from) ?? ''));
      dirs.delete(from);
    }
    if (command === 'mkdir') dirs.set(to, '99');
    return '';
  });
  return { shell, dirs };
}

/** As a host does it: a look, then the swap. */
const swap = async (shell: Shell) => {
  const { answers } = await shell.session(placeLooks(dataDir));
  await swapDataDir({ shell, dataDir, paths, before: parsePlace(shell.where, dataDir, answers) });
};

describe('swapDataDir', () => {
  it('moves the old data aside and the restored data in', async () => {
    const { shell, dirs } = machine({ [dataDir]: '10', [paths.restored]: '20' });

    await swap(shell);

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '20', [paths.aside]: '10' });
    expect(shell.lines.at(-1)).toBe('sudo sync /data/etcd');
  });

  it('does only the second move after a cut between the two', async () => {
    const { shell, dirs } = machine({ [paths.aside]: '10', [paths.restored]: '20' });

    await swap(shell);

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '20', [paths.aside]: '10' });
    expect(shell.lines.filter((line) => line.startsWith('sudo mv'))).toHaveLength(1);
  });

  it('does nothing when all is done', async () => {
    const { shell } = machine({ [paths.aside]: '10', [dataDir]: '20' });

    await swap(shell);

    expect(shell.lines.filter((line) => /mv|mkdir|sync/.test(line))).toEqual([]);
  });

  it('lets an empty directory stand in for a data-dir that was lost, so that a repeat knows', async () => {
    const { shell, dirs } = machine({ [paths.restored]: '20' });

    await swap(shell);
    await swap(shell);

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '20', [paths.aside]: '99' });
  });

  it('does not take a move for done because mv said 0', async () => {
    const { shell, dirs } = machine({ [dataDir]: '10', [paths.restored]: '20' }, { mvWorks: false });

    await expect(swap(shell)).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('not there under that name') as string,
    });
    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '10', [paths.restored]: '20' });
  });

  it('does not take another directory under the new name for the one that was to be moved', async () => {
    const { shell } = machine({ [dataDir]: '10', [paths.restored]: '20' }, { mvCopies: true });

    await expect(swap(shell)).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
  });

  it('proves the second move too', async () => {
    const { shell } = machine({ [paths.aside]: '10', [paths.restored]: '20' }, { mvCopies: true });

    await expect(swap(shell)).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
  });

  it.each([
    ['a mount point', { mountInfo: `36 35 0:30 / ${dataDir} rw - tmpfs tmpfs rw\n` }],
    ['a symbolic link', { type: 'l' }],
  ])('refuses a data-dir that is %s before anything moves', async (what, options) => {
    const { shell } = machine({ [dataDir]: '10', [paths.restored]: '20' }, options);

    await expect(swap(shell)).rejects.toMatchObject({ message: expect.stringContaining(what) as string });
    expect(shell.lines.filter((line) => /mv|mkdir/.test(line))).toEqual([]);
  });
});
