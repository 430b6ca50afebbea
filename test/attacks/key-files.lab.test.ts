/** Whoever holds the bot's key, against a real host: files that are handed over and fetched. */
import { createHash, randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { attack } from './record.ts';
import { act, ask, codes, data, run, useTarget, words } from './target.ts';

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const block = (content: Buffer) => Buffer.concat([Buffer.from(`${content.length}\n`), content, Buffer.from('0\n')]);

describe('the holder of the key, by files and ports', () => {
  const on = useTarget('attack-files', '3.4', { dataDirSizeMiB: 400 });
  const key = (tried: string, task: () => Promise<string>, tags: readonly 'long'[] = []) => attack(on, 'key', tried, task, tags);

  key('receive with fewer bytes, more bytes, another hash, blocks of a negative, huge or no size', async () => {
    const content = randomBytes(2_000);
    const receive = (bytes: number, hash = sha256(content)) => act('receive', { bytes, sha256: hash }, { run });
    for (const [request, bytes] of [
      [receive(2_000), block(content.subarray(0, 1_000))],
      [receive(1_000), block(content)],
      [receive(2_000, 'a'.repeat(64)), block(content)],
      [receive(2_000), Buffer.from('-5\n')],
      [receive(2_000), Buffer.from('9999999\n')],
      [receive(2_000), Buffer.from('0x10\n')],
      [receive(2_000), Buffer.from('٣\n')],
      [receive(2_000), content],
      [receive(0), Buffer.from('0\n')],
      [receive(-1), Buffer.from('0\n')],
      [receive(Number('9'.repeat(15))), Buffer.from('0\n')],
    ] as const) {
      const heard = await on.talk(request, bytes);
      expect(heard.exitCode).toBe(0);
      expect(codes(heard)).not.toContain('done');
    }
    expect((await on.asRoot('ls /data/etcd')).stdout).toBe('data');
    return 'no file gets a name, and what was half written is gone';
  });

  key('a zstd bomb: 2 GB of zeros announced as 2,000 bytes, and zstd that is none', async () => {
    const { stdout: bomb } = await execa('sh', ['-c', 'head -c 2000000000 /dev/zero | zstd -1 -c'], { encoding: 'buffer' });
    const blocks = Buffer.concat([Buffer.from(`${bomb.length}\n`), Buffer.from(bomb), Buffer.from('0\n')]);
    expect(
      codes(await on.talk(act('receive', { bytes: 200_000, sha256: 'a'.repeat(64), encoding: 'zstd' }, { run }), blocks)),
    ).not.toContain('done');
    expect(
      codes(await on.talk(act('receive', { bytes: 2_000, sha256: 'a'.repeat(64), encoding: 'zstd' }, { run }), block(randomBytes(900)))),
    ).toEqual(['HOST_COMMAND_FAILED']);
    expect((await on.asRoot('ls /data/etcd')).stdout).toBe('data');
    return 'refused after the announced number of bytes; nothing stays';
  });

  key(
    'the disk of the data, filled by eight files at once',
    async () => {
      const content = Buffer.alloc(60 * 1_048_576, 7);
      const blocks = Buffer.concat([
        ...Array.from({ length: 60 }, (_, at) =>
          Buffer.concat([Buffer.from('1048576\n'), content.subarray(at * 1_048_576, (at + 1) * 1_048_576)]),
        ),
        Buffer.from('0\n'),
      ]);
      const heard = await Promise.all(
        Array.from(
          { length: 8 },
          async (_, at) =>
            await on.talk(act('receive', { bytes: content.length, sha256: sha256(content) }, { run: `fill-prod-00000${at}` }), blocks),
        ),
      );
      expect(heard.filter((one) => codes(one).includes('HOST_DISK_FULL')).length).toBeGreaterThan(0);
      const free = Number((await on.asRoot('df -B1 --output=avail /data/etcd | tail -1')).stdout);
      await on.asRoot('rm -f /data/etcd/data.*');
      expect(free).toBeGreaterThan(60 * 1_048_576);
      await on.lab.waitHealthy();
      return 'HOST_DISK_FULL for those that would leave less than 64 MiB; etcd runs on';
    },
    ['long'],
  );

  key('archives for v2-unpack with `..`, absolute paths, links out, a pipe, a device', async () => {
    const make = `
import io, os, tarfile
def entry(archive, name, kind=tarfile.REGTYPE, link='', text=b''):
    one = tarfile.TarInfo(name); one.type = kind; one.linkname = link; one.size = len(text); one.mode = 0o4777
    archive.addfile(one, io.BytesIO(text))
def archive(name, *entries):
    with tarfile.open('/tmp/' + name, 'w:gz') as whole:
        for one in entries: entry(whole, *one)
T = tarfile
archive('up', ('../../../../etc/cron.d/owned', T.REGTYPE, '', b'x'), ('/root/owned', T.REGTYPE, '', b'x'), ('../data/member/owned', T.REGTYPE, '', b'x'))
archive('symlink', ('member', T.SYMTYPE, '/etc/etcd/pki'), ('member/server.key', T.REGTYPE, '', b'x'), ('member/owned', T.REGTYPE, '', b'x'))
archive('hardlink', ('a', T.SYMTYPE, '/etc/etcd/pki'), ('member', T.DIRTYPE), ('member/wal', T.DIRTYPE), ('member/wal/k', T.LNKTYPE, 'a/server.key'), ('member/wal/l', T.LNKTYPE, '../../../../etc/etcd/pki/server.key'), ('member/wal/m', T.LNKTYPE, '/etc/etcd/pki/server.key'))
archive('live', ('member', T.SYMTYPE, '/data/etcd/data/member'))
archive('pipe', ('member', T.DIRTYPE), ('member/snap', T.DIRTYPE), ('member/wal', T.DIRTYPE), ('member/wal/0000000000000000-0000000000000000.wal', T.FIFOTYPE), ('member/snap/db', T.FIFOTYPE))
archive('device', ('member', T.DIRTYPE), ('member/zero', T.CHRTYPE))`;
    await on.asRoot('cat > /tmp/make.py; python3 /tmp/make.py', make);
    for (const name of ['up', 'symlink', 'hardlink', 'live', 'pipe', 'device']) {
      const archive = Buffer.from((await on.asRoot(`base64 -w0 /tmp/${name}`)).stdout, 'base64');
      const heard = await on.talk(
        act('receive', { bytes: archive.length, sha256: sha256(archive) }, { run }),
        block(archive),
        act('v2-unpack', {}, { run }),
        ask('fetch', { what: 'v2-backup', of_run: run }),
        ask('v2-inspect', { of_run: run }),
      );
      expect(heard.ms, name).toBeLessThan(20_000);
      expect(codes(heard), `${name}: ${words(heard)}`).toEqual(['done', 'HOST_COMMAND_FAILED', 'HOST_COMMAND_FAILED', 'done']);
      expect(heard.answers.at(-1)?.done, name).toBeNull();
      await on.asRoot(`rm -rf ${data}.*`);
    }
    expect((await on.asRoot(`find ${data} -name owned; rm /tmp/*`)).stdout).toBe('');
    return 'unpacked as etcd and refused: only files and directories may be in it; nothing is written or told from outside';
  });

  key('a database while etcd runs, of another run, by a path', async () => {
    for (const request of [ask('fetch', { what: 'database' }), ask('database', { of: 'data' })])
      expect(codes(await on.talk(request))).toEqual(['HOST_COMMAND_FAILED']);
    for (const request of [
      ask('fetch', { what: '/etc/shadow' }),
      ask('fetch', { what: 'database', of_run: run }),
      ask('database', { of: '../../etc', of_run: run }),
      ask('sha256', { run_file: '/etc/shadow' }),
    ])
      expect(codes(await on.talk(request))).toEqual(['HOST_PROTOCOL']);
    return 'refused';
  });

  key('reach as a port scanner', async () => {
    const heard = await on.talk(
      ...[
        ['127.0.0.1', 22],
        ['127.0.0.1', 1],
        ['127.0.0.1', 0],
        ['127.0.0.1', 70_000],
        ['255.255.255.255', 80],
        ['-oProxyCommand=id', 22],
        ['127.0.0.1\0x', 22],
        ['127.0.0.1\n', 22],
        ['/etc/shadow', 22],
        ['x'.repeat(9_000), 22],
      ].map(([address, port]) => ask('reach', { address, port })),
    );
    expect(heard.answers.map(({ done, error }) => done?.reach ?? error?.code)).toEqual([
      'open',
      'refused',
      ...Array<string>(8).fill('unreachable'),
    ]);
    return 'it tells whether a TCP port that the host itself can reach is open, and not a byte more: this is what `reach` is for';
  });
});
