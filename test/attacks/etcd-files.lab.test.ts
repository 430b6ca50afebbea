/** A taken-over etcd, by its own files, settings(), processes and tools: to trick the program into doing or telling what etcd itself may not. */
import { describe, expect } from 'vitest';
import { blocks, order, receive, useEtcdUser } from './etcd-user.ts';
import { act, ask, codes, data, run } from './target.ts';

const [fresh, aside] = [`${data}.${run}.new`, `${data}.${run}.old`];

describe('a taken-over etcd, by files', () => {
  const { on, etcd, looks, tidy, fenced } = useEtcdUser('attack-etcd');

  describe('its certificates and its database', () => {
    etcd('a pipe, /dev/zero and a file of root in the place of its private key', async () => {
      for (const instead of ['mkfifo server.key', 'ln -s /dev/zero server.key', 'ln -s /root/secret server.key']) {
        await on.asEtcd(`cd /etc/etcd/pki; mv server.key server.key.kept; ${instead}`);
        const heard = await looks({ certificates: true });
        await on.asEtcd('cd /etc/etcd/pki; rm server.key; mv server.key.kept server.key');
        expect(heard.ms).toBeLessThan(5_000);
        expect(heard.answers[0]?.done?.certificates[0]).toMatchObject({ key_matches: false });
      }
      return 'a certificate without its key, told at once; nothing is read that etcd may not read';
    });

    etcd('a file of root, a directory and 2 MB in the place of its certificate', async () => {
      for (const instead of [
        'ln -s /etc/shadow server.pem',
        'ln -s /root/secret server.pem',
        'mkdir server.pem',
        'head -c 2000000 /dev/urandom > server.pem',
        'cp server.key server.pem',
        "printf -- '-----BEGIN CERTIFICATE-----\\n' > server.pem; cat server.key >> server.pem",
      ]) {
        await on.asEtcd(`cd /etc/etcd/pki; mv server.pem server.pem.kept; ${instead}`);
        const heard = await looks({ certificates: true });
        await on.asEtcd('cd /etc/etcd/pki; rm -r server.pem; mv server.pem.kept server.pem');
        expect(codes(heard), instead).toEqual(['done']);
      }
      return 'said to be unreadable, or told without anything that is no certificate';
    });

    etcd('its helper processes halted by SIGSTOP', async () => {
      const halting = on.asEtcd('end=$((SECONDS + 4)); while [ $SECONDS -lt $end ]; do pkill -STOP -u etcd python3; done');
      const heard = await looks({ certificates: true });
      await halting;
      expect(heard.exitCode).toBe(0);
      expect(heard.ms).toBeLessThan(25_000);
      return 'killed after 10 s; the look says what is missing, or is refused';
    });

    etcd('links, a pipe and a hard link to /etc/shadow in the place of member/snap/db, for `fetch`', async () => {
      await fenced(async () => {
        const db = `${data}/member/snap/db`;
        for (const [instead, back] of [
          [`ln -s /etc/shadow ${db}`, `rm ${db}`],
          [`mkfifo ${db}`, `rm ${db}`],
          [`mv ${data}/member ${data}/m; ln -s /etc ${data}/member`, `rm ${data}/member; mv ${data}/m ${data}/member`],
        ] as const) {
          await on.asEtcd(`mv ${db} ${data}/db; ${instead}`);
          const heard = await on.talkAsOps([ask('fetch', { what: 'database' }), ask('database', { of: 'data' })]);
          await on.asEtcd(`${back}; mv ${data}/db ${db}`);
          expect(codes(heard), instead).toEqual(['HOST_COMMAND_FAILED', expect.stringMatching(/^HOST_/)]);
          expect(heard.ms, instead).toBeLessThan(15_000);
        }
        // As if the kernel did not guard hard links (fs.protected_hardlinks = 0).
        await on.asRoot(`cp -p /etc/shadow /data/etcd/s; mv ${db} ${data}/db; ln /data/etcd/s ${db}`);
        const heard = await on.talkAsOps([ask('fetch', { what: 'database' })]);
        await on.asRoot(`rm /data/etcd/s ${db}; mv ${data}/db ${db}`);
        expect(codes(heard)).toEqual(['HOST_COMMAND_FAILED']);
      });
      return 'read as etcd, no link followed: refused';
    });

    etcd('a poisoned WAL, and a pipe in its place', async () => {
      const made = `
import struct, os
bodies = [b'\\x08\\x01\\x1a\\x04\\x0a\\x02hi', b'\\x08\\x01\\x18\\x05', b'\\xff' * 30, b'\\x08\\x01\\x1a\\xff\\xff\\xff\\xff\\x0f', b'']
os.makedirs('/data/etcd/w', exist_ok=True)
for at, body in enumerate(bodies): open('/data/etcd/w/%d' % at, 'wb').write(struct.pack('<q', len(body)) + body)
open('/data/etcd/w/5', 'wb').write(struct.pack('<Q', 0xffffffffffffffff) * 9)`;
      await on.asEtcd('cat > /data/etcd/make.py; python3 /data/etcd/make.py; rm /data/etcd/make.py', made);
      for (const instead of [
        'cp /data/etcd/w/0',
        'cp /data/etcd/w/1',
        'cp /data/etcd/w/2',
        'cp /data/etcd/w/3',
        'cp /data/etcd/w/4',
        'cp /data/etcd/w/5',
        'mkfifo',
        'ln -s /etc/shadow',
      ]) {
        await on.asEtcd(`cd ${data}/member/wal; ${instead} 0.wal`);
        const heard = await looks();
        await on.asEtcd(`rm ${data}/member/wal/0.wal`);
        expect(codes(heard), instead).toEqual(['done']);
        expect(heard.stderr, instead).toBe('');
      }
      await on.asEtcd('rm -r /data/etcd/w');
      return 'no ids are told';
    });
  });

  describe('its settings', () => {
    const settings = () => act('settings', { initial_cluster_state: 'existing' });
    /** etcd reads a file in a directory of etcd’s own. */
    const inOwnDirectory = async (task: () => Promise<void>) => {
      on.mayChange('/etc/default', '/etc/etcd', '/etc/etcd-medic/host.json', '/etc/systemd/system');
      await on.asRoot(
        `mkdir /etc/etcd/own; cp /etc/default/etcd /etc/etcd/own/etcd; chown -R etcd:etcd /etc/etcd/own; mv /etc/default/etcd /root/default-etcd; ln -s /etc/etcd/own/etcd /etc/default/etcd`,
      );
      try {
        await task();
      } finally {
        await on.asRoot('rm -f /etc/default/etcd*; mv /root/default-etcd /etc/default/etcd; rm -rf /etc/etcd/own; systemctl daemon-reload');
      }
    };

    etcd('root’s link to a file in a directory of etcd’s, exchanged with a link to /etc/shadow between look and act', async () => {
      let asRoot = 0;
      let plans = 0;
      await inOwnDirectory(async () => {
        const race = on.asEtcd(`cd /etc/etcd/own; ln -s /etc/shadow link; python3 - <<'E'
import ctypes, time
libc = ctypes.CDLL(None)
end = time.time() + 6
while time.time() < end:
    libc.renameat2(-100, b'link', -100, b'etcd', 2)
    time.sleep(0.004)
E`);
        const until = performance.now() + 5_500;
        while (performance.now() < until) {
          const { answers } = await on.talkAsOps([
            ...Array(10).fill(ask('plan', { acts: [{ act: 'settings', initial_cluster_state: 'existing' }] }, { run })),
            settings(),
          ]);
          const operations = answers.flatMap(({ done }) => done?.plans?.[0]?.operations ?? []) as { as: string; argv: string[] }[];
          plans += answers.length;
          asRoot += operations.filter(({ as, argv }) => as === 'root' && argv[0] !== 'systemctl').length;
        }
        await race;
        expect((await on.asRoot('ls -l /etc/shadow; ls -A /etc/default')).stdout).toMatch(/^-rw-r----- 1 root shadow/);
      });
      expect(plans).toBeGreaterThan(20);
      expect(asRoot, 'plans to write with the rights of root').toBe(0);
      return 'written as etcd whatever lies there, which cannot write /etc/shadow';
    });

    etcd('links, a pipe, 1 MiB that is no UTF-8, JSON 100,000 deep, NUL and lone surrogates as its --config-file', async () => {
      on.mayChange('/etc/etcd', '/etc/systemd/system', '/etc/etcd-medic/host.json', '/etc/default');
      const unit = '/etc/systemd/system/etcd.service.d/own.conf';
      await on.asRoot(
        `mkdir -p /etc/systemd/system/etcd.service.d; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/etcd --config-file=/etc/etcd/own/c.yml\\n' > ${unit}; mkdir /etc/etcd/own; chown etcd:etcd /etc/etcd/own; systemctl daemon-reload`,
      );
      for (const make of [
        'ln -s /etc/shadow c.yml',
        'ln -s /root/secret c.yml',
        'mkfifo c.yml',
        'mkdir c.yml',
        'head -c 1000000 /dev/zero | tr "\\0" "\\377" > c.yml',
        `python3 -c "print('{\\"a\\":' * 100000)" > c.yml`,
        `printf '{"data-dir":"/a\\\\u0000b","name":"\\\\ud800","wal-dir":"\\\\u0000"}' > c.yml`,
        `printf 'data-dir: /a\\0b\\n' > c.yml`,
        `python3 -c "print('{' + ','.join('\\"listen-%d\\":\\"%s\\"' % (n, 'x' * 4000) for n in range(200)) + '}')" > c.yml`,
      ]) {
        await on.asEtcd(`cd /etc/etcd/own; ${make}`);
        const heard = await on.talkAsOps([
          ask('look', { certificates: true }),
          settings(),
          ask('plan', { acts: [{ act: 'settings', initial_cluster_state: 'new' }] }, { run }),
          ask('settings-before', { initial_cluster_state: 'new' }, { run }),
        ]);
        await on.asEtcd('rm -r /etc/etcd/own/c.yml');
        expect(heard.exitCode, make).toBe(0);
        expect(codes(heard), make).toHaveLength(4);
        expect(codes(heard)[1], make).toMatch(/^HOST_/);
        expect(heard.ms, make).toBeLessThan(10_000);
      }
      await on.asRoot(`rm -r ${unit} /etc/etcd/own; rmdir /etc/systemd/system/etcd.service.d; systemctl daemon-reload`);
      return 'answered: settings that cannot be read are not changed';
    });

    etcd('links under the names of the copy and of the temporary file', async () => {
      await inOwnDirectory(async () => {
        await on.asRoot(
          'rm /etc/default/etcd; printf "[Service]\\nEnvironmentFile=\\nEnvironmentFile=/etc/etcd/own/etcd\\n" > /tmp/own.conf; mkdir -p /etc/systemd/system/etcd.service.d; mv /tmp/own.conf /etc/systemd/system/etcd.service.d/; systemctl daemon-reload; cp -p /etc/etcd-medic/host.json /root/host.json; sed -i "s,/etc/default/etcd,/etc/etcd/own/etcd," /etc/etcd-medic/host.json',
        );
        await on.asEtcd(
          'cd /etc/etcd/own; ln -s /etc/cron.d/owned .etcd.etcd-medic.tmp; ln -s /etc/cron.d/owned etcd.before-existing.etcd-medic; ln -s /etc/cron.d/owned .etcd.before-existing.etcd-medic.etcd-medic.tmp',
        );
        const heard = await on.talkAsOps([settings()]);
        const found = (
          await on.asRoot(
            'stat -c "%F %U" /etc/etcd/own/etcd /etc/etcd/own/etcd.before-existing.etcd-medic; mv /root/host.json /etc/etcd-medic/host.json; rm -r /etc/systemd/system/etcd.service.d; ls /etc/cron.d',
          )
        ).stdout;
        expect(codes(heard)).toEqual(['done']);
        expect(found).toMatch(/^regular file etcd\nregular file etcd(?:\n|$)/);
        expect(found).not.toContain('owned');
      });
      return 'replaced, not followed; all of it as etcd';
    });
  });

  describe('its processes and tools', () => {
    etcd('a process that calls itself etcdctl, or `x)`, with the data open, while etcd is fenced', async () => {
      await fenced(async () => {
        await on.asRoot(`install -d -o etcd -g etcd -m 700 ${fresh}/member`);
        for (const name of ['etcdctl', 'x) S 1 (', 'kworker/0:1']) {
          const running = on.asEtcd(`exec python3 -c "
import ctypes, time
held = open('${data}/member/snap/db', 'rb')
ctypes.CDLL(None).prctl(15, b'${name}')
time.sleep(1.5)"`);
          await on.asRoot('sleep 0.5');
          const approved = [
            ['mv', '-nT', data, aside],
            ['mv', '-nT', fresh, data],
            ['sync', '/data/etcd'],
          ];
          const heard = await on.talkAsOps([act('swap', {}, { run, approved })]);
          await running;
          expect(codes(heard), name).toEqual(['FENCE_FAILED']);
          expect(heard.answers.at(-1)?.error?.message, name).toContain('not proven to be stopped');
        }
        await tidy();
      });
      return 'seen by what it has open: not fenced';
    });

    etcd('a tool of etcd’s own in the place of etcdutl: what it gets, and what it can do with it', async () => {
      on.mayChange('/etc/etcd-medic/host.json');
      const tool = `#!/bin/bash
[ "$1 $2" = "snapshot restore" ] && [ "$3" != --help ] && { id > /data/etcd/told; for f in 3 4 5 6 7 8 9 10 11 12; do echo owned >&$f; done 2>/dev/null; echo x > /root/owned; cp /etc/shadow /data/etcd/told2; exit 1; }
[ "$1 $3" = "snapshot --help" ] && echo "--data-dir --bump-revision --mark-compacted"
echo "etcdutl version: 3.5.16"`;
      await on.asEtcd('cat > /data/etcd/etcdutl; chmod 755 /data/etcd/etcdutl', tool);
      await on.asRoot(
        'cp -p /etc/etcd-medic/host.json /root/host.json; sed -i "s,/usr/bin/etcdutl,/data/etcd/etcdutl," /etc/etcd-medic/host.json',
      );
      const heard = await on.talkAsOps([receive(), blocks, act('restore', order, { run }), act('remove-scratch', {}, { run })]);
      await on.asRoot('mv /root/host.json /etc/etcd-medic/host.json');
      expect(codes(heard)).toEqual(['done', 'HOST_COMMAND_FAILED', 'done']);
      expect(
        (
          await on.asRoot(
            'cat /data/etcd/told; cat /data/etcd/told2; rm /data/etcd/told* /data/etcd/etcdutl; cat /var/lib/etcd-medic-host/etcd/lock',
          )
        ).stdout,
      ).toMatch(/^uid=\d+\(etcd\) gid=\d+\(etcd\) groups=\d+\(etcd\)\n(?!.*owned)/);
      await tidy();
      return 'it runs as etcd, and the lock that it inherits cannot be written';
    });

    etcd('a mount point whose name is no UTF-8, as any user may make one with fuse', async () => {
      await on.asRoot('d=$(printf \'/mnt/\\377x\'); mkdir "$d"; mount -t tmpfs none "$d"');
      const heard = await looks();
      await on.asRoot('d=$(printf \'/mnt/\\377x\'); umount "$d"; rmdir "$d"');
      expect(codes(heard)).toEqual(['done']);
      return 'looked at as ever';
    });
  });
});
