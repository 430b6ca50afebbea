/** The edit of the settings: a real sed does what was foretold. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyName, difference, edited, sedArguments } from '../../src/host/settings-edit.ts';
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

  const three = { ...settings, initialCluster: 'a=https://10.0.0.31:2380,b=https://[2001:db8::2]:2380,c_1=http://c.example:2380' } as const;
  const old = 'a=http://x:2380,d=https://[::1]:2380';
  it.each<[string, Edit['style'], string]>([
    [
      'an environment file',
      'environment-file',
      `ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER="${old}"\nETCD_INITIAL_CLUSTER_TOKEN=t\n`,
    ],
    [
      'flags over lines',
      'flags',
      `ExecStart=etcd \\\n --initial-cluster ${old} \\\n --initial-cluster-state=new --initial-cluster-token t \\\n --x=y\n`,
    ],
    ['flags with =', 'flags', `ExecStart=etcd --initial-cluster='${old}' --initial-cluster-state=new --initial-cluster-token=t --x=y\n`],
    ['flags in a variable', 'environment-file', `ARGS='--initial-cluster=${old} --initial-cluster-state new --initial-cluster-token t'\n`],
    ['YAML', 'config-file', `initial-cluster: ${old} # all\ninitial-cluster-state: new\ninitial-cluster-token: "t"\n`],
  ])('sets all three in %s, and no more', (_, style, before) => {
    const edit = { style, append: [], settings: three };
    const expected = before
      .replace(old, three.initialCluster)
      .replace('new', 'existing')
      .replace(/(TOKEN|token)(=|: "| )t/, `$1$2${settings.initialClusterToken}`);

    expect(edited(before, edit)).toBe(expected);
    expect(bySed(before, edit)).toBe(expected);
  });

  it('sets the state alone, or with the cluster', () => {
    const text = 'ETCD_INITIAL_CLUSTER=a=http://x:2380\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n';
    const edit = (more: object): Edit => ({
      style: 'environment-file',
      append: [],
      settings: { initialClusterState: 'existing', ...more },
    });

    expect(bySed(text, edit({}))).toBe(text.replace('new', 'existing'));
    expect(bySed(text, edit({ initialCluster: 'b=http://y:2380' }))).toBe(
      text.replace('new', 'existing').replace('a=http://x:2380', 'b=http://y:2380'),
    );
  });

  it.each(['a=https://x:2380;id', 'a=https://x:2380 /etc/shadow', 'a=@e', 'a=&', 'a=\\1', 'a=https://x\nb', ''])(
    'refuses %j as a cluster: sed could read it as more',
    (initialCluster) => {
      expect(() => sedArguments({ style: 'flags', append: [], settings: { ...settings, initialCluster } })).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_UNSAFE' }),
      );
    },
  );

  it('has no blank in an argument that adds a line: sudo would take what follows for another argument', () => {
    const append = ['initial-cluster-state', 'initial-cluster-token', 'initial-cluster'];

    for (const style of ['environment-file', 'config-file'] as const)
      expect(sedArguments({ style, append, settings: three }).filter((word) => word.startsWith('$a') && word.includes(' '))).toEqual([]);
  });

  it('keeps copies under names that say what came after, and are never long', () => {
    const cluster = Array.from({ length: 9 }, (_, index) => `member-${index}=https://${'x'.repeat(60)}:2380`).join(',');

    expect(copyName('/f', { initialClusterState: 'existing' })).toBe('/f.before-existing.etcd-medic');
    expect(copyName('/f', settings)).toBe('/f.before-existing-etcd-cluster-7f3a9c.etcd-medic');
    expect(copyName('/f', { ...settings, initialCluster: cluster })).toMatch(/^\/f\.before-existing-[0-9a-f]{12}\.etcd-medic$/);
    expect(copyName('/f', three)).not.toBe(copyName('/f', { ...settings, initialCluster: cluster }));
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
