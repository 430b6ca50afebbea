/** Looks that are foreseen come in the first session; nothing is believed that was not answered in this moment. */
import { describe, expect, it } from 'vitest';
import { changeAsRoot, look } from '../../src/host/command.ts';
import { createForesight } from '../../src/host/foresight.ts';
import type { Shell } from '../../src/host/shell.ts';
import { fakeShell } from './fake-shell.ts';
import type { FakeAnswers } from './fake-shell.ts';

/** Command lines session by session. */
function counting(answer: FakeAnswers) {
  const sessions: string[][] = [];
  const inner = fakeShell(answer);
  const shell: Shell = {
    ...inner,
    session: async (commands) => {
      sessions.push(commands.map(({ argv }) => argv.join(' ')));
      return inner.session(commands);
    },
  };
  return { shell, sessions };
}

describe('foresight', () => {
  it('asks at once what was asked after the first answer the last time', async () => {
    const { shell, sessions } = counting((line) => `${line} said`);
    const foresee = createForesight(shell);
    const readAll = async () => {
      const moment = foresee('settings', 'program');
      await moment.about('settings').run(look('unit'));
      const file = await moment.about('settings').run(look('cat', 'file'));
      const program = await moment.about('program').run(look('etcd', '--version'));
      return [file.stdout, program.stdout];
    };

    const first = await readAll();
    const second = await readAll();

    expect(second).toEqual(first);
    expect(sessions).toEqual([['unit'], ['cat file'], ['etcd --version'], ['unit', 'cat file', 'etcd --version']]);
  });

  it('asks anew in every moment', async () => {
    let count = 0;
    const { shell } = counting(() => String((count += 1)));
    const foresee = createForesight(shell);
    const read = async () => {
      const about = foresee('settings').about('settings');
      await about.run(look('unit'));
      return (await about.run(look('cat', 'file'))).stdout;
    };

    expect([await read(), await read()]).toEqual(['2', '4']);
  });

  it('asks about another file when the unit names another one now, and forgets the first', async () => {
    const { shell, sessions } = counting(() => '');
    const foresee = createForesight(shell);
    for (const file of ['a', 'b', 'b']) {
      const about = foresee('settings').about('settings');
      await about.run(look('unit'));
      await about.run(look('cat', file));
    }

    expect(sessions).toEqual([['unit'], ['cat a'], ['unit', 'cat a'], ['cat b'], ['unit', 'cat b']]);
  });

  it('does without what was foreseen when that fails now', async () => {
    let isThere = true;
    const { shell, sessions } = counting((line) => ({ exitCode: line === 'etcd --version' && !isThere ? 127 : 0 }));
    const foresee = createForesight(shell);
    const first = foresee('program');
    await first.about('program').run(look('unit'));
    await first.about('program').run(look('etcd', '--version'));
    isThere = false;

    await foresee('program').about('program').run(look('unit'));

    expect(sessions.slice(2)).toEqual([['unit', 'etcd --version'], ['unit']]);
  });

  it('never does twice what changes something', async () => {
    const { shell, sessions } = counting((line) => ({ exitCode: line === 'cat file' && sessions.length > 2 ? 1 : 0 }));
    const foresee = createForesight(shell);
    const first = foresee('settings').about('settings');
    await first.run(look('unit'));
    await first.run(look('cat', 'file'));

    await expect(foresee('settings').about('settings').run(changeAsRoot('reload'))).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });

    expect(sessions.filter((commands) => commands.includes('reload'))).toHaveLength(1);
  });
});
