/** Putting the data aside: one row of its table per test, cut after every command, and no move without proof. */
import { describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { parsePlace, placeLooks } from '../../src/host/moves.ts';
import { runPaths } from '../../src/host/paths.ts';
import { decideAside, makeDataDir, makeDataDirCommands, putAside, putAsideCommands } from '../../src/host/put-aside.ts';
import { fakeShell } from './fake-shell.ts';

const dataDir = '/data/etcd/data';
const paths = runPaths(dataDir, RunId.parse('replace-member-prod-7f3a9c'));
const owner = { user: 'etcd', group: 'etcd' };

describe('decideAside', () => {
  it.each([
    [{ dataDir: 'data', aside: false }, ['move-aside', 'make', 'own']],
    [{ dataDir: 'empty', aside: false }, ['move-aside', 'make', 'own']],
    [{ dataDir: 'empty-not-owned', aside: false }, ['move-aside', 'make', 'own']],
    [{ dataDir: 'none', aside: false }, ['stand-in', 'make', 'own']],
    [{ dataDir: 'none', aside: true }, ['make', 'own']],
    [{ dataDir: 'empty-not-owned', aside: true }, ['own']],
    [{ dataDir: 'empty', aside: true }, []],
  ] as const)('with %j does %j', (present, acts) => {
    expect(decideAside(present)).toEqual({ acts });
  });

  it('refuses when data is there again although the old data is aside', () => {
    expect(decideAside({ dataDir: 'data', aside: true })).toEqual({ refuse: expect.stringContaining('since') as string });
  });
});

interface Dir {
  readonly inode: string;
  owner: string;
  readonly isEmpty: boolean;
}

/** A host in memory that can be cut after a number of commands that change something; `mv` can be made to do nothing. */
function machine(present: Readonly<Record<string, Dir>>, { mvWorks = true, mvCopies = false, type = 'd' } = {}) {
  const dirs = new Map(Object.entries(present));
  const state = { leftActs: Number.POSITIVE_INFINITY, inodes: 90 };
  const row = (path: string, kind: string, who: string, inode: string) => `${path}\t${kind}\t${who}\t${who}\t700\t8\t${inode}\t4096\0`;
  const act = (command: string | undefined, from: string, to: string) => {
    if (command === 'mv' && mvWorks && !dirs.has(to)) {
      dirs.set(to, { ...(dirs.get(from) as Dir), ...(mvCopies && { inode: '77' }) });
      dirs.delete(from);
    }
    if (command === 'mkdir') {
      if (dirs.has(to)) return { exitCode: 1 };
      dirs.set(to, { inode: String((state.inodes += 1)), owner: 'root', isEmpty: true });
    }
    if (command === 'chown') (dirs.get(to) as Dir).owner = 'etcd';
    return '';
  };
  const shell = fakeShell((line) => {
    if (line.startsWith('sudo find')) {
      const rows = [...dirs].flatMap(([path, { inode, owner: who, isEmpty }]) => [
        row(path, path === dataDir ? type : 'd', who, inode),
        ...(isEmpty ? [] : [row(`${path}/member`, 'd', who, `${inode}1`)]),
      ]);
      return row('/data/etcd', 'd', 'root', '1') + rows.join('');
    }
    if (line.startsWith('cat /proc')) return '';
    if ((state.leftActs -= 1) < 0) throw new Error('the power is off');
    const [, command, ...args] = line.split(' ');
    const [from = '', to = ''] = args.slice(-2);
    return act(command, from, to);
  });
  const put = async () => {
    const { answers } = await shell.session(placeLooks(dataDir));
    await putAside({ shell, dataDir, paths, owner, before: parsePlace(shell.where, dataDir, answers) });
  };
  return { shell, dirs, state, put };
}

const data = (): Dir => ({ inode: '10', owner: 'etcd', isEmpty: false });

describe('putAside', () => {
  it('moves the old data aside and leaves an empty directory of etcd’s, with the commands of its plan', async () => {
    const { shell, dirs, put } = machine({ [dataDir]: data() });

    await put();

    expect(dirs.get(paths.aside)).toEqual(data());
    expect(dirs.get(dataDir)).toEqual({ inode: '91', owner: 'etcd', isEmpty: true });
    const planned = putAsideCommands(dataDir, paths, owner).map(({ argv }) => `sudo ${argv.join(' ')}`);
    expect(shell.lines.filter((line) => !/find|cat/.test(line))).toEqual(planned);
  });

  it.each([0, 1, 2, 3])('ends in the same state when it is cut after %i commands and done again', async (acts) => {
    const { dirs, state, put } = machine({ [dataDir]: data() });
    state.leftActs = acts;
    await expect(put()).rejects.toThrow('the power is off');
    state.leftActs = Number.POSITIVE_INFINITY;

    await put();
    await put();

    expect(dirs.get(paths.aside)).toEqual(data());
    expect(dirs.get(dataDir)).toMatchObject({ owner: 'etcd', isEmpty: true });
  });

  it.each([0, 1, 2, 3])('does so too on a host without a data-dir, cut after %i commands', async (acts) => {
    const { dirs, state, put } = machine({});
    state.leftActs = acts;
    await expect(put()).rejects.toThrow('the power is off');
    state.leftActs = Number.POSITIVE_INFINITY;

    await put();
    await put();

    expect(dirs.get(paths.aside)).toMatchObject({ isEmpty: true });
    expect(dirs.get(dataDir)).toMatchObject({ owner: 'etcd', isEmpty: true });
  });

  it('makes nothing when the old data was not moved, whatever mv said', async () => {
    const { dirs, put } = machine({ [dataDir]: data() }, { mvWorks: false });

    await expect(put()).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });

    expect(Object.fromEntries(dirs)).toEqual({ [dataDir]: data() });
  });

  it('does not take another directory under the new name for the old data', async () => {
    const { put } = machine({ [dataDir]: data() }, { mvCopies: true });

    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('not there under that name') as string });
  });

  it('leaves data alone that came after the old data was put aside', async () => {
    const { shell, put } = machine({ [dataDir]: { ...data(), inode: '20' }, [paths.aside]: data() });

    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('since') as string });

    expect(shell.lines.filter((line) => /mv|mkdir|chown/.test(line))).toEqual([]);
  });

  it('refuses a data-dir that is a link', async () => {
    const { shell, put } = machine({ [dataDir]: data() }, { type: 'l' });

    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('is a symbolic link') as string });
    expect(shell.lines.filter((line) => /mv|mkdir|chown/.test(line))).toEqual([]);
  });
});

describe('makeDataDir', () => {
  it('makes an empty directory of etcd’s where there is none, with the commands of its plan, and then leaves it alone', async () => {
    const { shell, dirs } = machine({});

    await makeDataDir({ shell, dataDir, owner });
    await makeDataDir({ shell, dataDir, owner });

    expect(dirs.get(dataDir)).toMatchObject({ owner: 'etcd', isEmpty: true });
    const planned = makeDataDirCommands(dataDir, owner).map(({ argv }) => `sudo ${argv.join(' ')}`);
    expect(shell.lines.filter((line) => !/find/.test(line))).toEqual(planned);
  });

  it('ends in the same state when it is cut after it was made and before it is etcd’s', async () => {
    const { shell, dirs, state } = machine({});
    state.leftActs = 1;
    await expect(makeDataDir({ shell, dataDir, owner })).rejects.toThrow('the power is off');
    state.leftActs = Number.POSITIVE_INFINITY;

    await makeDataDir({ shell, dataDir, owner });

    expect(dirs.get(dataDir)).toMatchObject({ owner: 'etcd', isEmpty: true });
  });

  it('touches no data', async () => {
    const { shell, dirs } = machine({ [dataDir]: data() });

    await makeDataDir({ shell, dataDir, owner });

    expect(dirs.get(dataDir)).toEqual(data());
    expect(shell.lines.filter((line) => !/find/.test(line))).toEqual([]);
  });
});
