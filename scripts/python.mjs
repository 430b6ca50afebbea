/** The machine's Python, which the program on the hosts is tested with, and the tools in Python that check it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './node-modules.mjs';

/** In CI nothing is skipped. */
export const inCi = ['true', '1'].includes(process.env['CI'] ?? '');

/** Each with a file that proves it is there: venv needs ensurepip. */
export const pythonPackages = { python3: '/usr/bin/python3', 'python3-venv': '/usr/share/doc/python3-venv' };

/** From PyPI, and what they need of it: all pinned, as the npm packages are. */
const tools = ['ruff==0.17.6', 'mypy==2.4.1', 'vermin==1.9.2', 'mypy-extensions==1.2.0', 'typing-extensions==4.16.0', 'pathspec==1.1.1', 'librt==0.17.0', 'ast-serialize==0.13.1'];
const folder = join(root, 'node_modules', '.cache', 'python-tools');
const note = join(folder, 'installed.txt');

/**
 * A Python that is new enough: RHEL 8 has one for its own tools only.
 * @returns {{ path: string } | { path: undefined, reason: string }}
 */
export function findPython() {
  for (const path of ['/usr/bin/python3', '/usr/libexec/platform-python', 'python3']) {
    const { status } = spawnSync(path, ['-I', '-c', 'import sys; sys.exit(sys.version_info < (3, 6))']);
    if (status === 0) return { path };
  }
  return { path: undefined, reason: 'there is no Python 3.6 or newer (Debian package python3)' };
}

/**
 * Installs the tools into a directory of their own unless they are there in these versions, and says so.
 * @returns {{ bin: string } | { bin: undefined, reason: string }}
 */
export function ensurePythonTools() {
  const python = findPython();
  if (python.path === undefined) return { bin: undefined, reason: python.reason };
  const { stdout: version } = spawnSync(python.path, ['-I', '--version'], { encoding: 'utf8' });
  const wanted = `${python.path} ${version}${tools.join('\n')}\n`;
  const bin = join(folder, 'bin');
  if (existsSync(note) && readFileSync(note, 'utf8') === wanted) return { bin };

  say(`Installing tools that check Python (pip install): ${tools.slice(0, 3).join(' ')}`);
  rmSync(folder, { recursive: true, force: true });
  for (const [file, ...args] of [
    [python.path, '-I', '-m', 'venv', folder],
    [join(bin, 'pip'), 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', ...tools],
  ]) {
    const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 300_000 });
    if (status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      const said = `${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-3).join('; ');
      return { bin: undefined, reason: `the tools could not be installed (Debian package python3-venv, and a way to PyPI are needed): ${said}` };
    }
  }
  writeFileSync(note, wanted);
  return { bin };
}
