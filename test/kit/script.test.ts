/** The text of the script: right for every POSIX shell, and nothing foreign in it that a shell would read as more than a word. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpsError } from '../../src/errors.ts';
import { readProgram } from '../../src/kit/program.ts';
import { kitScript } from '../../src/kit/script.ts';
import { exampleKit, publicKey } from './example.ts';

const shells = [['/bin/sh'], ['/bin/dash'], ['/bin/bash', '--posix'], ['/bin/busybox', 'sh']].filter(([path = '']) => existsSync(path));
const read = (shell: readonly string[], text: string) =>
  spawnSync(shell[0] ?? '', [...shell.slice(1), '-n'], { input: text, encoding: 'utf8' });

describe('kitScript', () => {
  it.each(shells)('is read without a fault by %s', (...shell) => {
    const words = shell.filter((word) => word !== undefined);

    expect(read(words, kitScript(exampleKit({ program: readProgram() })))).toMatchObject({ status: 0, stderr: '' });
  });

  it('is not run by a shell that got only a part of it', () => {
    const text = kitScript(exampleKit());

    for (let length = text.indexOf('\n{\n') + 3; length < text.length - 2; length += 97)
      expect(read(['/bin/sh'], text.slice(0, length)), `of ${length} characters`).not.toMatchObject({ status: 0 });
  });

  it('is the same for the same kit', () => {
    expect(kitScript(exampleKit())).toBe(kitScript(exampleKit()));
  });

  it('gives each setting to the shell as it is', () => {
    const kit = exampleKit({ from: '10.0.0.5,2001:db8::/32', allow: 'look,v2', unit: 'etcd@main.service', asRoot: true });
    const settings = kitScript(kit).split('\n{\n')[0] ?? '';

    const { stdout } = spawnSync('/bin/sh', ['-s'], { input: `${settings}\nset | grep '^kit_'`, encoding: 'utf8' });

    expect(stdout.replaceAll("'", '').trim().split('\n').toSorted()).toEqual(
      [
        'kit_action=install',
        'kit_allow=look,v2',
        'kit_cluster=prod',
        'kit_from=10.0.0.5,2001:db8::/32',
        'kit_hosts=10.0.0.31 10.0.0.32',
        `kit_key=${publicKey}`,
        'kit_modules=__init__.py main.py',
        `kit_program=${kit.program.sha256}`,
        'kit_root=yes',
        'kit_unit=etcd@main.service',
        'kit_user=etcdops',
      ].toSorted(),
    );
  });

  it('brings each module as it is', () => {
    const kit = exampleKit();
    const functions = /\nmodule\(\) \{.*?\n\}\n/s.exec(kitScript(kit))?.[0] ?? '';

    for (const { name, content } of kit.program.modules)
      expect(spawnSync('/bin/sh', ['-c', `${functions}\nmodule ${name}`], { encoding: 'utf8' }).stdout).toBe(content);
  });

  const hostile = [
    "'; id; '",
    '$(id)',
    '`id`',
    "a'b",
    'a\nid',
    'a\r',
    'a b',
    '-x',
    '../x',
    'a"',
    'a\\',
    '\u0000',
    'a\u0007',
    'ünit',
    "'\n",
  ];
  const fields = ['cluster', 'user', 'key', 'unit', 'from', 'allow'] as const;
  it.each(fields.flatMap((field) => hostile.map((value) => [field, value] as const)))('refuses as %s the value %j', (field, value) => {
    expect(() => kitScript(exampleKit({ [field]: value }))).toThrowError(expect.objectContaining({ code: 'ARGUMENT_UNSAFE' }));
  });

  it.each([
    ['a host', { hosts: ["10.0.0.1'; id"] }],
    ['no host', { hosts: [] }],
    ['a key with options before it', { key: `command="sh" ${publicKey}` }],
    ['a key with a comment behind it', { key: `${publicKey} me@here` }],
    ['two keys', { key: `${publicKey}\n${publicKey}` }],
    ['a network that is too wide a number', { from: '10.0.0.0/33' }],
    ['a name for an address', { from: 'bot.example' }],
    ['a negated address', { from: '!10.0.0.5' }],
    ['an address with a zone', { from: 'fe80::1%eth0' }],
    ['a module that leads elsewhere', { program: { sha256: 'a'.repeat(64), modules: [{ name: '../main.py', content: '' }] } }],
    [
      'a module that ends its own heredoc',
      { program: { sha256: 'a'.repeat(64), modules: [{ name: 'main.py', content: 'END_OF_main_py\nid\n' }] } },
    ],
    ['a module without an end of line', { program: { sha256: 'a'.repeat(64), modules: [{ name: 'main.py', content: 'x = 1' }] } }],
    ['a program without modules', { program: { sha256: 'a'.repeat(64), modules: [] } }],
  ])('refuses %s', (_, over) => {
    expect(() => kitScript(exampleKit(over))).toThrowError(expect.objectContaining({ code: 'ARGUMENT_UNSAFE' }));
  });

  it('either refuses a value or keeps it one word', () => {
    const whole = fc.record({ field: fc.constantFrom(...fields), value: fc.oneof(fc.string(), fc.string({ unit: 'binary' })) });
    fc.assert(
      fc.property(whole, ({ field, value }) => {
        try {
          const text = kitScript(exampleKit({ [field]: value }));
          return text.includes(`\nkit_${field}='${value}'\n`) && !/['\p{Cc}]/u.test(value);
        } catch (error) {
          return isOpsError(error, 'ARGUMENT_UNSAFE');
        }
      }),
      { numRuns: 500 },
    );
  });
});
