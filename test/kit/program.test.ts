/** The hash that tells versions of the hosts' program apart: the same here and on the host. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostFolder, programSha256, readProgram } from '../../src/kit/program.ts';

describe('the hash of the program', () => {
  const modules = [
    { name: 'b.py', content: 'b = "ü"\n' },
    { name: '__init__.py', content: '' },
    { name: 'a_b.py', content: 'x\n' },
    { name: 'ab.py', content: 'y\n' },
  ];

  it('does not depend on the order they are given in, and on every name and byte', () => {
    expect(programSha256(modules)).toBe(programSha256(modules.toReversed()));
    expect(programSha256(modules)).not.toBe(programSha256(modules.map((one) => ({ ...one, name: `z${one.name}` }))));
    expect(programSha256(modules)).not.toBe(programSha256(modules.map((one) => ({ ...one, content: `${one.content}\n` }))));
  });

  it.skipIf(process.getuid?.() !== 0 || spawnSync('python3', ['-V']).status !== 0)('is the one that the kit finds on the host', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kit-'));
    mkdirSync(join(folder, 'etcd_medic_host', '__pycache__'), { recursive: true });
    for (const { name, content } of modules) writeFileSync(join(folder, 'etcd_medic_host', name), content);

    const { stdout } = spawnSync('python3', ['-I', '-', 'hash', folder], {
      input: readFileSync(`${hostFolder}/kit/description.py`),
      encoding: 'utf8',
    });

    expect(stdout.trim()).toBe(programSha256(modules));
  });

  it('is of what deploy/host has', () => {
    expect(readProgram()).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(readProgram().modules.map(({ name }) => name)).toContain('main.py');
  });
});
