/** What a kit is made from in tests. */
import type { Kit } from '../../src/kit/script.ts';
import { programSha256 } from '../../src/kit/program.ts';

export const publicKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'N'.repeat(43)}`;

const modules = [
  { name: '__init__.py', content: '' },
  { name: 'main.py', content: "def main():\n    print('$HOME `id` \\' \\\\ \u2026')\n" },
];

export function exampleKit(over: Partial<Kit> = {}): Kit {
  return {
    action: 'install',
    cluster: 'prod',
    user: 'etcdops',
    key: publicKey,
    unit: 'etcd',
    from: '',
    allow: '',
    asRoot: false,
    hosts: ['10.0.0.31', '10.0.0.32'],
    program: { modules, sha256: programSha256(modules) },
    ...over,
  };
}
