/** A taken-over etcd, by what lies beside its data-dir: who owns the parent, and what is put in the place of a name. */
import { describe, expect } from 'vitest';
import { blocks, order, receive, sha256, useEtcdUser } from './etcd-user.ts';
import { act, ask, codes, data, run } from './target.ts';

const [fresh, aside, snapshot] = [`${data}.${run}.new`, `${data}.${run}.old`, `${data}.${run}.snapshot`];

describe('a taken-over etcd, by names', () => {
  const { on, etcd, looks, tidy, fenced } = useEtcdUser('attack-names');

  describe('names beside the data-dir, where it owns the parent', () => {
    etcd('links to files of root in the place of the snapshot and of its half', async () => {
      await on.asEtcd(`ln -s /etc/cron.d/owned ${snapshot}.part`);
      expect(codes(await on.talkAsOps([receive(), blocks]))).toEqual(['done']);
      await on.asEtcd(`rm ${snapshot}; ln -s /etc/shadow ${snapshot}`);
      const heard = await on.talkAsOps([ask('sha256', { run_file: run }), act('restore', order), receive(), blocks]);
      expect(codes(heard).slice(0, 3)).toEqual(Array(3).fill('HOST_COMMAND_FAILED'));
      expect(codes(await on.talkAsOps([act('remove-scratch'), receive(), blocks]))).toEqual(['done', 'done']);
      await tidy();
      return 'never written through or read; `remove-scratch` takes the link away';
    });

    etcd('a link to /root and a directory of root in the place of the half-made directory', async () => {
      await on.asEtcd(`ln -s /root ${fresh}.part; touch ${snapshot}`);
      await on.talkAsOps([act('restore', order, { run }), act('remove-scratch', {}, { run })]);
      await on.asRoot(`mkdir ${fresh}.part; touch ${fresh}.part/of-root`);
      const heard = await on.talkAsOps([act('remove-scratch', {}, { run })]);
      expect(codes(heard)).toEqual(['HOST_COMMAND_FAILED']);
      expect((await on.asRoot(`ls ${fresh}.part`)).stdout).toBe('of-root');
      await tidy();
      return 'the link goes, /root is not entered; what is root’s in it stays, because etcd could not remove it either';
    });

    etcd('its data-dir as a link to /etc, then every act that moves', async () => {
      await fenced(async () => {
        await on.asEtcd(`mv ${data} ${data}.kept; ln -s /etc ${data}; mkdir ${fresh}`);
        const acts = ['swap', 'put-aside', 'delete-aside', 'remove-restored', 'make-data-dir', 'v2-backup'];
        const heard = await on.talkAsOps([
          ...acts.map((name) => act(name, {}, { run, approved: [] })),
          act('put-back', { of_run: run }, { run, approved: [] }),
          ask('look', { sizes: true, tools: true, certificates: true }),
        ]);
        await on.asEtcd(`rm ${data}; mv ${data}.kept ${data}`);
        expect(codes(heard)).toEqual([...Array<string>(7).fill('HOST_COMMAND_FAILED'), 'done']);
        await tidy();
      });
      return 'refused: it is a link and no directory';
    });

    etcd('the restored data as a link to /etc, then a swap', async () => {
      await fenced(async () => {
        await on.asEtcd(`ln -s /etc ${fresh}`);
        const approved = [
          ['mv', '-nT', data, aside],
          ['mv', '-nT', fresh, data],
          ['sync', '/data/etcd'],
        ];
        const heard = await on.talkAsOps([act('swap', {}, { run, approved })]);
        expect(codes(heard)).toEqual(['HOST_COMMAND_FAILED']);
        expect((await on.asRoot(`readlink ${data}; ls ${data}`)).stdout).toBe('member');
        await tidy();
      });
      return 'refused before anything is moved';
    });

    etcd('an empty directory of root under the name of the data, to have it given away by chown', async () => {
      await fenced(async () => {
        await on.asRoot('mkdir -m 755 /data/etcd/of-root');
        await on.asEtcd(`mv ${data} ${aside}; mv /data/etcd/of-root ${data}`);
        const approved = [
          ['chown', '-h', 'etcd:etcd', data],
          ['sync', '/data/etcd'],
        ];
        const heard = await on.talkAsOps([act('put-aside', {}, { run, approved })]);
        const owner = (await on.asRoot(`stat -c %U ${data}; rmdir ${data}; mv ${aside} ${data}`)).stdout;
        expect(codes(heard)).toEqual(['HOST_COMMAND_FAILED']);
        expect(owner).toBe('root');
      });
      return 'refused: in etcd’s directories nothing is done with the rights of root';
    });

    etcd('30,000 names beside the data-dir, some with line breaks and no UTF-8', async () => {
      await on.asEtcd(`cd /data/etcd; python3 -c "
for at in range(30000): open(b'data.%d\\n\\xff' % at, 'w').close()"`);
      const heard = await looks();
      await on.asRoot('find /data/etcd -maxdepth 1 -name "data.*" -delete');
      expect(codes(heard)).toEqual(['done']);
      expect(Math.max(...heard.stdout.split('\n').map(({ length }) => length))).toBeLessThan(262_144);
      return 'some are told; the line stays short enough for the bot';
    });

    etcd(
      'a race: names that turn from directories into links to /etc and back while root’s program deletes, renames and reads',
      async () => {
        const race = on.asEtcd(`python3 - <<'E'
import os, time
end = time.time() + 19
n = 0
while time.time() < end and not os.path.exists('/data/etcd/stop'):
    n += 1
    for name in ('${aside}', '${fresh}', '${fresh}.part', '${snapshot}', '${snapshot}.part', '${fresh}/member', '${aside}/member'):
        try: os.makedirs(name + '.d/x/y') if n % 2 else os.symlink('/etc', name + '.l')
        except OSError: pass
        try: os.rename(name + ('.d' if n % 2 else '.l'), name)
        except OSError: pass
        try: os.rename(name, '/data/etcd/trash%d' % n)
        except OSError: pass
E`);
        let answered = 0;
        const until = performance.now() + 17_000;
        while (answered <= 20 && performance.now() < until) {
          const heard = await on.talkAsOps([
            act('remove-scratch'),
            ask('sha256', { run_file: run }),
            act('restore', order),
            act('delete-aside', {}, { approved: [['rm', '-rf', '--one-file-system', aside]] }),
            act('remove-restored'),
            ask('look', { runs: [run], sizes: true }),
            ask('fetch', { what: 'v2-backup', of_run: run }),
            // Last: when it is refused its bytes end the channel.
            receive(),
            blocks,
          ]);
          expect(heard.exitCode).toBe(0);
          answered += codes(heard).length;
        }
        await on.asRoot('touch /data/etcd/stop');
        await race;
        await on.asRoot('rm -rf /data/etcd/stop /data/etcd/trash* /data/etcd/data.*');
        expect(answered).toBeGreaterThan(20);
        return 'more than 20 requests met it; links and directories outside are untouched';
      },
    );

    etcd('an aside directory full of links, 300 directories deep', async () => {
      await on.asEtcd(`python3 -c "
import os
os.makedirs('${aside}'); os.chdir('${aside}')
for name in ('/etc', '/root', '/etc/shadow'): os.symlink(name, name.replace('/', '_'))
for at in range(300): os.mkdir('d'); os.chdir('d')"`);
      const heard = await on.talkAsOps([act('delete-aside', {}, { run, approved: [['rm', '-rf', '--one-file-system', aside]] })]);
      await tidy();
      expect(codes(heard)).toEqual(['HOST_COMMAND_FAILED']);
      return 'links are unlinked and not followed; so deep a directory is left for a person';
    });
  });

  describe('where root owns the parent', () => {
    const parentOfRoot = async (how: string, task: () => Promise<void>) => {
      await on.asRoot(`chown root:root /data/etcd; ${how}`);
      try {
        await task();
      } finally {
        await on.asRoot(
          "setfacl -b /data/etcd 2>/dev/null; python3 -c \"import os; os.removexattr('/data/etcd', 'system.posix_acl_access')\" 2>/dev/null; chmod 755 /data/etcd; chown etcd:etcd /data/etcd; gpasswd -d etcd root 2>/dev/null; rm -rf /data/etcd/data.*",
        );
      }
    };
    const rightsOf = async () => {
      const { answers } = await on.talkAsOps([
        ask('plan', { acts: [{ act: 'make-data-dir' }, { act: 'receive', bytes: 1, sha256 }] }, { run }),
      ]);
      const [, plan] = answers[0]?.done?.plans ?? [];
      return plan?.operations?.[0]?.as ?? plan?.refused;
    };

    etcd('nothing: root acts there, and etcd cannot change a name', async () => {
      await parentOfRoot('true', async () => {
        expect(await rightsOf()).toBe('root');
        expect(codes(await on.talkAsOps([receive(), blocks]))).toEqual(['done']);
        expect((await on.asEtcd(`mv ${snapshot} /data/etcd/x; cat ${snapshot}`)).exitCode).not.toBe(0);
      });
      return 'a file handed over is root’s, mode 0600, and cannot be renamed';
    });

    etcd('an access control list that lets etcd write in a directory of root', async () => {
      const acl = `import os, struct; e = lambda *a: struct.pack('<HHI', *a); import pwd; os.setxattr('/data/etcd', 'system.posix_acl_access', struct.pack('<I', 2) + e(1, 7, 0xffffffff) + e(2, 7, pwd.getpwnam('etcd').pw_uid) + e(4, 5, 0xffffffff) + e(16, 7, 0xffffffff) + e(32, 5, 0xffffffff))`;
      await parentOfRoot(`python3 -c "${acl}"`, async () => {
        expect((await on.asEtcd('touch /data/etcd/x; rm /data/etcd/x')).exitCode).toBe(0);
        expect(await rightsOf()).toBe('etcd');
      });
      await parentOfRoot(`python3 -c "${acl.replace("pwd.getpwnam('etcd')", "pwd.getpwnam('nobody')")}"`, async () => {
        expect(await rightsOf()).toContain('an access control list lets the user with number');
      });
      return 'it counts: what etcd can change is acted on as etcd, what others can change not at all';
    });

    etcd('a group of etcd’s beside its own that may write there', async () => {
      await parentOfRoot('usermod -aG root etcd; chmod 775 /data/etcd', async () => {
        on.mayChange('/etc/group', '/etc/gshadow');
        expect(await rightsOf()).toBe('etcd');
      });
      await on.asRoot('rm -f /etc/group- /etc/gshadow-');
      return 'acted on as etcd';
    });

    etcd('directories inside of the one that root deletes, moved and linked meanwhile', async () => {
      await parentOfRoot(`install -d -o etcd -g etcd ${aside}`, async () => {
        const race = on.asEtcd(`python3 - <<'E'
import os, time
os.chdir('${aside}')
end = time.time() + 3
while time.time() < end:
    try: os.makedirs('a/b/c'); open('a/b/f', 'w').close()
    except OSError: pass
    try: os.rename('a/b', 'x'); os.symlink('/etc', 'a/b')
    except OSError: pass
    try: os.unlink('a/b'); os.rename('x', 'a/b')
    except OSError: pass
E`);
        const until = performance.now() + 2_500;
        while (performance.now() < until)
          expect(
            (await on.talkAsOps([act('delete-aside', {}, { run, approved: [['rm', '-rf', '--one-file-system', aside]] })])).exitCode,
          ).toBe(0);
        await race;
      });
      return 'only what is in it goes';
    });
  });
});
