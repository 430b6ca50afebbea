/** Undoing a swap: one row of its table per test, cut after every command, and no move without proof. */
import { describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { parsePlace, placeLooks } from '../../src/host/moves.ts';
import { runPaths } from '../../src/host/paths.ts';
import { decideReturn, returnAside, returnCommands, returnPlaces } from '../../src/host/return-aside.ts';
import { fakeShell } from './fake-shell.ts';

const dataDir = '/data/etcd/data';
const kept = `${dataDir}.restore-prod-7f3a9c.old`;
const aside = `${dataDir}.undo-prod-aaaaaa.old`;
const places = returnPlaces(runPaths(dataDir, RunId.parse('undo-prod-aaaaaa')), runPaths(dataDir, RunId.parse('restore-prod-7f3a9c')));

describe('decideReturn', () => {
  it.each([
    [{ dataDir: true, kept: true, aside: false }, ['move-aside', 'move-in']],
    [{ dataDir: false, kept: true, aside: true }, ['move-in']],
    [{ dataDir: true, kept: false, aside: true }, []],
    [{ dataDir: false, kept: true, aside: false }, ['stand-in', 'move-in']],
  ])('with %j moves %j', (present, moves) => {
    expect(decideReturn(present)).toEqual({ moves });
  });

  it.each([
    [{ dataDir: true, kept: true, aside: true }, 'something made it since'],
    [{ dataDir: true, kept: false, aside: false }, 'nothing is kept'],
    [{ dataDir: false, kept: false, aside: true }, 'what was there before is aside'],
    [{ dataDir: false, kept: false, aside: false }, 'neither'],
  ])('with %j refuses', (present, because) => {
    expect(decideReturn(present)).toEqual({ refuse: expect.stringContaining(because) as string });
  });
});

/** A host in memory with the directories of the table, that can be cut after a number of commands that change something. */
function machine(present: Record<string, string>, { mvWorks = true, mvCopies = false, type = 'd' } = {}) {
  const dirs = new Map(Object.entries(present));
  const state = { leftActs: Number.POSITIVE_INFINITY };
  const row = (path: string, inode: string, kind: string) => `${path}\t${kind}\tetcd\tetcd\t700\t8\t${inode}\t4096\0`;
  const shell = fakeShell((line) => {
    if (line.startsWith('sudo find'))
      return row('/data/etcd', '1', 'd') + [...dirs].map(([path, inode]) => row(path, inode, path === dataDir ? type : 'd')).join('');
    if (line.startsWith('cat /proc')) return '';
    if ((state.leftActs -= 1) < 0) throw new Error('the power is off');
    const [, command, ...args] = line.split(' ');
    const [from = '', to = ''] = args.slice(-2);
    if (command === 'mv' && mvWorks && !dirs.has(to)) {
      dirs.set(to, mvCopies ? '77' : (dirs.get(from) ?? ''));
      dirs.delete(from);
    }
    if (command === 'mkdir') dirs.set(to, '99');
    return '';
  });
  const put = async () => {
    const { answers } = await shell.session(placeLooks(dataDir));
    await returnAside({ shell, dataDir, places, before: parsePlace(shell.where, dataDir, answers) });
  };
  return { shell, dirs, state, put };
}

const whole = { [dataDir]: '20', [kept]: '10' };

describe('returnAside', () => {
  it('moves the present data aside under the name of this run and the kept data back, with the commands of its plan', async () => {
    const { shell, dirs, put } = machine(whole);

    await put();

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '10', [aside]: '20' });
    const planned = returnCommands(dataDir, places).map(({ argv }) => `sudo ${argv.join(' ')}`);
    expect(shell.lines.filter((line) => /mv|sync|mkdir/.test(line))).toEqual(planned);
  });

  it.each([0, 1, 2])('ends in the same state when it is cut after %i commands and done again', async (acts) => {
    const { dirs, state, put } = machine(whole);
    state.leftActs = acts;
    await expect(put()).rejects.toThrow('the power is off');
    state.leftActs = Number.POSITIVE_INFINITY;

    await put();
    await put();

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '10', [aside]: '20' });
  });

  it('lets an empty directory stand in for a data-dir that is gone, so that a repeat knows', async () => {
    const { dirs, put } = machine({ [kept]: '10' });

    await put();
    await put();

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: '10', [aside]: '99' });
  });

  it('removes nothing, whatever it finds', async () => {
    for (const present of [whole, { [kept]: '10' }, { [kept]: '10', [aside]: '20' }, { [dataDir]: '20' }, {}]) {
      const { shell, put } = machine(present);
      await put().catch(() => undefined);
      expect(shell.lines.filter((line) => /\brm\b|rmdir/.test(line))).toEqual([]);
    }
  });

  it.each([
    ['mv says 0 and moves nothing', { mvWorks: false }],
    ['another directory stands under the new name', { mvCopies: true }],
  ])('does not take a move for done when %s', async (_, options) => {
    await expect(machine(whole, options).put()).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('not there under that name') as string,
    });
  });

  it('leaves a data-dir alone that was made after the present one went aside', async () => {
    const { shell, put } = machine({ ...whole, [aside]: '30' });

    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('something made it since') as string });
    expect(shell.lines.filter((line) => /mv|mkdir/.test(line))).toEqual([]);
  });

  it('refuses a data-dir that is a link', async () => {
    const { shell, put } = machine(whole, { type: 'l' });

    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('is a symbolic link') as string });
    expect(shell.lines.filter((line) => /mv|mkdir/.test(line))).toEqual([]);
  });
});
