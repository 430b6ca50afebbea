/** The edit of the two settings: a real sed does what was foretold. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { difference, edited, sedArguments } from '../../src/host/settings-edit.ts';
import type { Edit } from '../../src/host/settings-edit.ts';

const settings = { initialClusterState: 'existing', initialClusterToken: 'etcd-cluster-7f3a9c' } as const;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etcd-medic-edit-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function bySed(text: string, edit: Edit): string {
  const file = join(dir, 'file');
  writeFileSync(file, text);
  execFileSync('sed', [...sedArguments(edit), file]);
  return readFileSync(file, 'utf8');
}

describe('the edit of initial-cluster-state and initial-cluster-token', () => {
  it.each<[string, Omit<Edit, 'settings'>, string, string]>([
    [
      'plain',
      { style: 'environment-file', append: [] },
      'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n',
      'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n',
    ],
    [
      'quotes, comments, repeats and all else stay',
      { style: 'environment-file', append: [] },
      `# ETCD_INITIAL_CLUSTER_STATE="new"\n\n  ETCD_INITIAL_CLUSTER_STATE="new"  \nETCD_NAME='a'\t\nETCD_INITIAL_CLUSTER_TOKEN='t'\nETCD_INITIAL_CLUSTER_STATE=new`,
      `# ETCD_INITIAL_CLUSTER_STATE="new"\n\n  ETCD_INITIAL_CLUSTER_STATE="existing"  \nETCD_NAME='a'\t\nETCD_INITIAL_CLUSTER_TOKEN='etcd-cluster-7f3a9c'\nETCD_INITIAL_CLUSTER_STATE=existing`,
    ],
    [
      'flags in a variable',
      { style: 'environment-file', append: [] },
      'DAEMON_ARGS="--name a --initial-cluster-state new --initial-cluster-token=t --initial-cluster=a=https://x:2380"\n',
      'DAEMON_ARGS="--name a --initial-cluster-state existing --initial-cluster-token=etcd-cluster-7f3a9c --initial-cluster=a=https://x:2380"\n',
    ],
    [
      'a setting that stands nowhere is added at the end',
      { style: 'environment-file', append: ['initial-cluster-token'] },
      'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_NAME=a',
      'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_NAME=a\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n',
    ],
    [
      'flags in a unit',
      { style: 'flags', append: [] },
      '[Service]\nExecStart=/usr/bin/etcd \\\n  --initial-cluster-state=new \\\n  --initial-cluster-token "t"\n',
      '[Service]\nExecStart=/usr/bin/etcd \\\n  --initial-cluster-state=existing \\\n  --initial-cluster-token "etcd-cluster-7f3a9c"\n',
    ],
    [
      'YAML',
      { style: 'config-file', append: [] },
      `name: a # me\ninitial-cluster-state: 'new' # first time\ninitial-cluster-token: t\n`,
      `name: a # me\ninitial-cluster-state: 'existing' # first time\ninitial-cluster-token: etcd-cluster-7f3a9c\n`,
    ],
    [
      'YAML without them',
      { style: 'config-file', append: ['initial-cluster-state', 'initial-cluster-token'] },
      'name: a\n',
      'name: a\ninitial-cluster-state: existing\ninitial-cluster-token: etcd-cluster-7f3a9c\n',
    ],
  ])('%s', (_, edit, before, after) => {
    expect(edited(before, { ...edit, settings })).toBe(after);
    expect(bySed(before, { ...edit, settings })).toBe(after);
  });

  it('is the same again when done twice', () => {
    const once = edited('ETCD_INITIAL_CLUSTER_STATE="new"\n', { style: 'environment-file', append: [], settings });

    expect(edited(once, { style: 'environment-file', append: [], settings })).toBe(once);
  });

  it('refuses a token that sed could read as more than a token', () => {
    expect(() => sedArguments({ style: 'flags', append: [], settings: { ...settings, initialClusterToken: 'a/e;id' } })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_UNSAFE' }),
    );
  });
});

describe('difference', () => {
  it('shows the lines that changed and no others', () => {
    expect(difference('/etc/default/etcd', 'SECRET=1\nA=1\nB=2', 'SECRET=1\nA=3\nB=2\nC=4\n')).toBe(
      ['--- /etc/default/etcd', '+++ /etc/default/etcd', '@@ -2 +2 @@', '-A=1', '+A=3', '@@ -4 +4 @@', '+C=4', ''].join('\n'),
    );
  });

  it('shows a line added after a final newline', () => {
    expect(difference('/f', 'A=1\n', 'A=1\nB=2\n')).toBe(['--- /f', '+++ /f', '@@ -1,0 +2 @@', '+B=2', ''].join('\n'));
  });

  it('is empty when nothing changed', () => {
    expect(difference('/f', 'A=1\n', 'A=1\n')).toBe('');
  });
});
