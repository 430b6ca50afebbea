/** A reader that goes away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, describe, it } from 'vitest';
import { createWrite } from '../../src/terminal/streams.ts';

function broken(code: string) {
  return Object.assign(new Error(`write ${code}`), { code });
}

describe('a stream of the terminal', () => {
  it('ends the printing when its reader has gone, says so once, and goes on', () => {
    const stream = new PassThrough();
    let gone = 0;
    const write = createWrite(stream, () => (gone += 1));

    write('one');
    stream.emit('error', broken('EPIPE'));
    stream.emit('error', broken('EPIPE'));
    write('two');

    expect(String(stream.read())).toBe('one');
    expect(gone).toBe(1);
  });

  it('hides no other error', () => {
    const stream = new PassThrough();
    createWrite(stream);

    expect(() => stream.emit('error', broken('ENOSPC'))).toThrow('ENOSPC');
  });
});

describe('etcd-medic … | head', () => {
  it.each([
    [['help', 'kit'], 0],
    [['kit'], 78],
    [['init'], 64],
    [['doctor'], 1],
    [['doctor', '--json'], 1],
    [['status', 'prod'], 78],
  ])('%j ends without a word about the pipe, with exit code %i as ever', async (words, code) => {
    const child = spawn(process.execPath, ['--disable-warning=DEP0123', 'src/cli.ts', ...words], {
      env: { PATH: process.env['PATH'], ETCD_MEDIC_CONFIG: '/nowhere/config.yaml' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));

    const [status] = await once(child, 'close');

    expect({ status, said }).toEqual({ status: code, said: expect.not.stringMatching(/EPIPE|at .*\.js|node:/) });
  });
});
