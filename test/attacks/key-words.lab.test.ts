/** Whoever holds the bot's key, against a real host: ssh, sudo, and what may be said to the program. */
import { describe, expect } from 'vitest';
import { attack } from './record.ts';
import type { Word } from './target.ts';
import { act, ask, codes, launcher, run, useTarget } from './target.ts';

const hello = /^\{"hello":"etcd-medic-host"/;

describe('the holder of the key, in words', () => {
  const on = useTarget('attack-words', '3.4', { dataDirSizeMiB: 400 });
  const key = (tried: string, task: () => Promise<string>) => attack(on, 'key', tried, task);

  key('a command, a shell, sftp, scp in place of the program', async () => {
    for (const [options, command] of [
      [[], ['id; touch /root/owned']],
      [[], ['/bin/sh', '-i']],
      [['-s'], ['sftp']],
      [[], ['scp', '-t', '/tmp']],
    ] as const)
      expect((await on.ssh(options, command)).stdout).toMatch(hello);
    return 'the program answers each time; what was asked for is not run';
  });

  key('a terminal (ssh -tt)', async () => {
    expect((await on.ssh(['-tt'])).stderr).toContain('PTY allocation request failed');
    return 'sshd refuses one';
  });

  key('forwarding: -L, -R, -D by -W, a Unix socket, the agent, X11, a tunnel', async () => {
    expect((await on.ssh(['-W', '127.0.0.1:2379'])).stderr).toContain('administratively prohibited');
    expect((await on.ssh(['-W', '127.0.0.1:22'])).stderr).toContain('administratively prohibited');
    for (const options of [
      ['-R', '40001:127.0.0.1:22'],
      ['-R', '/tmp/owned.sock:127.0.0.1:22'],
      ['-w', '0:0'],
    ])
      expect((await on.ssh(['-o', 'ExitOnForwardFailure=yes', '-N', ...options])).exitCode).toBe(255);
    expect((await on.ssh(['-A', '-X'])).stdout).toMatch(hello);
    expect((await on.asRoot('ls /tmp/owned.sock /tmp/ssh-* 2>/dev/null')).stdout).toBe('');
    return 'sshd refuses them';
  });

  key('an environment by SendEnv and SetEnv: LC_ALL, PYTHONPATH, LD_PRELOAD, PATH', async () => {
    const heard = await on.ssh(
      ['-o', 'SetEnv=LC_ALL=../../tmp/x PYTHONPATH=/tmp PYTHONHOME=/tmp LD_PRELOAD=/tmp/x.so PATH=/tmp BASH_ENV=/tmp/x'],
      [],
      `${JSON.stringify(ask('look'))}\n`,
    );
    expect(heard.stdout).toMatch(hello);
    expect(codes(heard)).toEqual(['done']);
    return 'nothing of it reaches the program';
  });

  key('sudo as etcdops: other arguments, users, directories, environments, sudoedit, 15 ways', async () => {
    await on.asRoot(
      'mkdir -m 777 /tmp/lib; echo "import os; os.system(\'touch /root/owned\')" > /tmp/lib/json.py; cp /tmp/lib/json.py /tmp/lib/sitecustomize.py',
    );
    for (const given of [
      `${launcher} describe`,
      `${launcher} ''`,
      `-u etcd ${launcher}`,
      `-g etcd ${launcher}`,
      `-D /tmp ${launcher}`,
      `-R /tmp ${launcher}`,
      `-r sysadm_r ${launcher}`,
      `PYTHONPATH=/tmp/lib ${launcher}`,
      `/usr/local/sbin/../sbin/etcd-medic-host x`,
      `-s`,
      `-i`,
      '-e /etc/passwd',
      `/usr/bin/python3 -I ${launcher}`,
      `sh -c id`,
    ])
      expect((await on.asOps(`cd /tmp/lib; sudo -n ${given} </dev/null`)).stdout, given).not.toMatch(
        given.startsWith('-r') ? /uid=0/ : /uid=0|hello/,
      );
    expect(
      (
        await on.asOps(
          `cd /tmp/lib; PYTHONPATH=/tmp/lib PYTHONSTARTUP=/tmp/lib/json.py sudo -n -E ${launcher} </dev/null; PYTHONPATH=/tmp/lib sudo -n --preserve-env=PYTHONPATH ${launcher} </dev/null; PATH=/tmp/lib sudo -n etcd-medic-host </dev/null`,
        )
      ).stdout,
    ).not.toContain('uid');
    await on.asRoot('rm -r /tmp/lib');
    return 'sudo refuses them, or ignores the role and starts the program as ever; a library in the directory it is called from is not loaded';
  });

  key('limits and signals that the caller sets before sudo: no file size, 20 descriptors, SIGCHLD ignored, closed streams', async () => {
    for (const before of [
      ['prlimit', '--fsize=0'],
      ['prlimit', '--nofile=24'],
      ['env', '--ignore-signal=CHLD', '--block-signal=TERM'],
    ]) {
      const heard = await on.talkAsOps([ask('look', { tools: true }), ask('plan', { acts: [{ act: 'stop' }] })], before);
      expect(heard.exitCode, before.join(' ')).toBe(0);
      expect(codes(heard), before.join(' ')).toHaveLength(2);
    }
    expect(
      (await on.asOps(`sudo -n ${launcher} 2>&- </dev/null; sudo -n ${launcher} <&- 2>&1; sudo -n ${launcher} >&- 2>&1 </dev/null; true`))
        .stdout,
    ).not.toContain('Traceback');
    return 'answered as ever, or refused because nothing can be recorded';
  });

  key('38 lines that are no request: numbers, NaN, nesting 100,000 deep, invalid UTF-8, NUL, wrong types', async () => {
    const lines: Word[] = [
      '[]\n',
      '1\n',
      '"x"\n',
      'null\n',
      'NaN\n',
      '{}\n',
      '\n',
      '{"protocol":1e400}\n',
      `${'['.repeat(100_000)}\n`,
      `${'{"a":'.repeat(40_000)}\n`,
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.alloc(300_000, 0x20),
      '\0\n',
      `{"protocol":${'9'.repeat(5_000)}}\n`,
      ask('look', {}, { id: true }),
      ask('look', {}, { id: 1.5 }),
      ask('look', {}, { protocol: 2 }),
      ask('look', {}, { more: 1 }),
      ask('look', [] as object),
      ask('__class__'),
      ask('look', { runs: 'x' }),
      ask('look', { runs: [[[]]] }),
      ask('look', { sizes: 1 }),
      ask('reach', { address: 1, port: 'x' }),
      ask('plan', { acts: [{}] }),
      ask('plan', { acts: [[]] }),
      ask('plan', { acts: [{ act: ['swap'] }] }),
      ask('plan', { acts: Array.from({ length: 65 }, () => ({ act: 'stop' })) }),
      act('swap', {}, { approved: 'yes' as never }),
      act('nothing'),
      act('stop', { force: true }),
      act('stop', {}, { epoch: 0 }),
      act('stop', {}, { epoch: -5 }),
      act('stop', {}, { epoch: 2 ** 62 }),
      act('stop', {}, { epoch: '1' }),
      act('stop', {}, { epoch: true }),
      act('stop', {}, { run: null }),
    ];
    for (const word of lines) {
      const heard = await on.talkAsOps([word, '\n']);
      expect(heard.exitCode, JSON.stringify(word).slice(0, 60)).toBe(0);
      expect(heard.answers.at(-1)?.error?.code ?? 'HOST_PROTOCOL', JSON.stringify(word).slice(0, 60)).toMatch(/^HOST_PROTOCOL$/);
    }
    return 'each ends its channel with HOST_PROTOCOL, and nothing was done';
  });

  key('duplicate keys, and an epoch beside a request that only looks', async () => {
    const heard = await on.talk(
      `{"protocol":1,"id":1,"verb":"do","verb":"look","etcd":"etcd","arguments":{},"epoch":${'9'.repeat(4_000)}}\n`,
    );
    expect(heard.answers.map(({ error, done }) => error?.code ?? typeof done)).toEqual(['HOST_PROTOCOL']);
    return 'an epoch that is none is refused wherever it stands, and does not fill the log';
  });

  key('run ids with a line break, `..`, a slash, 4,000 characters', async () => {
    for (const id of [
      `${run}\n`,
      '../../../etc/cron.d/x-000000',
      'restore-prod-7f3a9c/../x-000000',
      `${'a'.repeat(4_000)}-000000`,
      'Restore-prod-7f3a9c',
      '-rf-7f3a9c',
      '',
    ])
      for (const request of [
        act('remove-scratch', {}, { run: id }),
        act('put-back', { of_run: id }, { run, approved: [] }),
        ask('look', { runs: [id] }),
        ask('database', { of: 'aside', of_run: id }),
      ])
        expect(codes(await on.talkAsOps([request])), JSON.stringify(request).slice(0, 200)).toEqual(['HOST_PROTOCOL']);
    expect((await on.asRoot('ls -A /var/lib/etcd-medic-host/etcd/runs 2>/dev/null')).stdout).not.toMatch(/\n$|\.\./);
    return 'HOST_PROTOCOL, and no name is made of them';
  });

  key('names of other etcds: `..`, a slash, a format, 250,000 characters', async () => {
    for (const etcd of ['..', '../../etc', '%s%n', 'x'.repeat(250_000), 'etcd\n', '\uD800'])
      expect(codes(await on.talkAsOps([ask('look', {}, { etcd })]))).toEqual(['HOST_DESCRIPTION_INVALID']);
    return 'there is no such etcd';
  });

  key('settings that smuggle lines, flags, quotes, `$`, `%` and commands into the settings file', async () => {
    const values = [
      'new\nETCD_DATA_DIR=/etc',
      'existing"',
      "existing'",
      'existing --data-dir=/',
      'new$(touch /root/owned)',
      'new%n',
      'new\\',
      'new\r',
      'new\u2028x',
      'new\0',
      'new\n',
    ];
    for (const value of values) {
      const others = { initial_cluster_state: 'existing', initial_cluster_token: 'a' };
      for (const settings of [
        { initial_cluster_state: value },
        { ...others, initial_cluster_token: value.replace('new', 'a"') },
        { ...others, initial_cluster: `a=https://x ${value}` },
      ])
        expect(codes(await on.talkAsOps([act('settings', settings, { run })])), JSON.stringify(settings)).toEqual(['ARGUMENT_UNSAFE']);
    }
    return 'ARGUMENT_UNSAFE, and the file is as it was';
  });

  key('flags by way of the arguments of a restore', async () => {
    const good = {
      name: 'etcd01',
      peer_url: 'https://198.51.100.1:2380',
      initial_cluster: 'etcd01=https://198.51.100.1:2380',
      initial_cluster_token: 'x',
    };
    for (const bad of [
      { name: 'x --data-dir=/etc' },
      { name: 'x\n' },
      { name: '' },
      { peer_url: 'https://x --wal-dir=/' },
      { peer_url: 'unix:///x' },
      { initial_cluster: 'a=$(id)' },
      { initial_cluster_token: 'x;id' },
      { bump_revision: '1\n' },
      { bump_revision: '-1' },
      { bump_revision: '1e9' },
    ])
      expect(codes(await on.talkAsOps([act('restore', { ...good, ...bad }, { run })])), JSON.stringify(bad)).toEqual(['ARGUMENT_UNSAFE']);
    expect(codes(await on.talkAsOps([act('restore', { ...good, skip_hash_check: true, sha256: 'x' }, { run })]))).toEqual([
      'HOST_PROTOCOL',
    ]);
    return 'ARGUMENT_UNSAFE, nothing is run';
  });

  attack(
    on,
    'member',
    'names and peer URLs with line breaks, quotes, flags and `$(…)`, on their way into settings and a restore',
    async () => {
      for (const pair of [
        'a\nETCD_DATA_DIR=/etc',
        "a'",
        'a"=https://x',
        'a=https://x --force-new-cluster',
        'a=$(touch /root/owned)',
        'a=https://x`id`',
        'a=https://x;b',
        'a=https://x%n',
        'a=https://x\u202e',
      ]) {
        const heard = await on.talkAsOps([
          act('settings', { initial_cluster_state: 'existing', initial_cluster: pair }),
          act('restore', { name: 'etcd01', peer_url: 'https://198.51.100.1:2380', initial_cluster: pair, initial_cluster_token: 'x' }),
          act('restore', { name: pair, peer_url: pair, initial_cluster: 'a=https://x', initial_cluster_token: 'x' }),
        ]);
        expect(codes(heard), pair).toEqual(Array(3).fill('ARGUMENT_UNSAFE'));
      }
      return 'ARGUMENT_UNSAFE on the host too';
    },
  );

  key('verbs that the owner of the host has not allowed', async () => {
    const narrow = `python3 - <<'E'\nimport json\np = '/etc/etcd-medic/host.json'\nd = json.load(open(p))\nd['etcds']['etcd']['allow'] = ['look']\njson.dump(d, open(p, 'w'))\nE`;
    await on.asRoot(`cp -p /etc/etcd-medic/host.json /tmp/host.json; ${narrow}`);
    const all = await on.talk(
      ...['stop', 'restart', 'fence', 'swap', 'receive'].map((name) =>
        act(name, name === 'receive' ? { bytes: 1, sha256: 'a'.repeat(64) } : {}, { run, approved: [] }),
      ),
      ask('fetch', { what: 'database' }),
    );
    await on.asRoot('cat /tmp/host.json > /etc/etcd-medic/host.json; rm /tmp/host.json');
    expect(codes(all)).toEqual(Array(6).fill('HOST_NOT_ALLOWED'));
    return 'HOST_NOT_ALLOWED';
  });
});
