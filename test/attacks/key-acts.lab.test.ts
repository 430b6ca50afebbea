/** Whoever holds the bot's key, against a real host: acts in any order, the lock, cut channels. */
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { attack } from './record.ts';
import { act, ask, codes, data, launcher, run, useTarget, words } from './target.ts';

describe('the holder of the key, by acts', () => {
  const on = useTarget('attack-acts', '3.4', { dataDirSizeMiB: 400 });
  const key = (tried: string, task: () => Promise<string>, tags: readonly 'long'[] = []) => attack(on, 'key', tried, task, tags);

  key('swap, put-aside and put-back of the data while etcd runs, all of them approved by the attacker himself', async () => {
    await on.asRoot(`install -d -o etcd -g etcd -m 700 ${data}.${run}.new ${data}.other-prod-000001.old`);
    for (const [name, args] of [
      ['swap', {}],
      ['put-aside', {}],
      ['put-back', { of_run: 'other-prod-000001' }],
    ] as const) {
      const plan = await on.talkAsOps([ask('plan', { acts: [{ act: name, ...args }] }, { run })]);
      const approved = (plan.answers[0]?.done?.plans?.[0]?.operations as { argv: string[] }[] | undefined)?.map(({ argv }) => argv) ?? [];
      const heard = await on.talkAsOps([act(name, args, { run, approved })]);
      expect(codes(heard)).toEqual(['FENCE_FAILED']);
      expect(heard.answers.at(-1)?.error?.message).toContain('not proven to be stopped');
    }
    expect((await on.asRoot(`rm -r ${data}.*; systemctl is-active etcd; ls ${data}`)).stdout).toBe('active\nmember');
    return 'refused: etcd is not fenced';
  });

  key('what destroys without an approval, with another one, with one that is longer', async () => {
    expect(codes(await on.talkAsOps([act('fence', {}, { run })]))).toEqual(['HOST_PROTOCOL']);
    for (const approved of [
      [],
      [['systemctl', 'mask']],
      [
        ['systemctl', 'stop', 'etcd.service'],
        ['systemctl', 'mask', 'etcd.service'],
      ],
      [[['systemctl', 'mask', 'etcd.service']]] as never,
    ])
      expect(codes(await on.talkAsOps([act('fence', {}, { run, approved })]))).toEqual(['HOST_PLAN_MOVED']);
    expect((await on.asRoot('systemctl is-active etcd')).stdout).toBe('active');
    return 'HOST_PROTOCOL or HOST_PLAN_MOVED, nothing done';
  });

  key('delete-aside of the only data there is', async () => {
    const stop = [
      ['systemctl', 'mask', 'etcd.service'],
      ['systemctl', 'stop', 'etcd.service'],
    ];
    const remove = [['rm', '-rf', '--one-file-system', `${data}.${run}.old`]];
    on.mayChange('/etc/systemd/system');
    const fence = await on.talkAsOps([act('fence', {}, { run, approved: stop })]);
    expect(codes(fence), words(fence)).toEqual(['done']);
    await on.asRoot(`mv ${data} ${data}.${run}.old`);
    const missing = await on.talkAsOps([act('delete-aside', {}, { run, approved: remove })]);
    await on.asRoot(`install -d -o etcd -g etcd -m 700 ${data}`);
    const empty = await on.talkAsOps([act('delete-aside', {}, { run, approved: remove })]);
    await on.asRoot(`rmdir ${data}; ln -s ${data}.${run}.old ${data}`);
    const link = await on.talkAsOps([act('delete-aside', {}, { run, approved: remove })]);
    expect([missing, empty, link].map(codes)).toEqual([['HOST_COMMAND_FAILED'], ['HOST_COMMAND_FAILED'], ['HOST_COMMAND_FAILED']]);
    expect((await on.asRoot(`ls ${data}.${run}.old; rm ${data}; mv ${data}.${run}.old ${data}`)).stdout).toBe('member');
    expect(codes(await on.talkAsOps([act('unmask-start', {}, { run })]))).toEqual(['done']);
    await on.lab.waitHealthy();
    return 'refused while there is none, an empty one or a link in its place';
  });

  key(
    'the lock, held by a channel that fills its pipe and then reads nothing',
    async () => {
      const { stdout } = await on.talkAsOps([ask('look')]);
      const answer = `${JSON.stringify({ id: 1, done: { reach: 'unreachable' } })}\n`.length;
      // A pipe is 16 pages, and a line that does not fit into the rest of one takes the next.
      const fitting = Math.floor((4_096 - stdout.indexOf('\n') - 1) / answer) + 15 * Math.floor(4_096 / answer);
      const requests = [
        ...Array.from({ length: fitting }, () => ask('reach', { address: '-', port: 1 })),
        act('remove-scratch', {}, { run: 'stuck-prod-000001' }),
      ];
      await on.asRoot(
        `touch ${data}.stuck-prod-000001.snapshot; cat > /tmp/requests; chmod 644 /tmp/requests`,
        requests.map((each) => `${JSON.stringify(each)}\n`).join(''),
      );
      await on.asOps(`(cat /tmp/requests; sleep 60) 2>/dev/null | sudo -n ${launcher} 2>/dev/null | sleep 60 >/dev/null 2>&1 &`);
      await on.asRoot(
        'for n in $(seq 200); do grep -q stuck-prod-000001 /var/lib/etcd-medic-host/etcd/lock && break; sleep 0.1; done; rm /tmp/requests',
      );
      const heard = await on.talk(act('remove-scratch'));
      await on.asRoot('pkill -x sleep; rm -f /data/etcd/data.*');
      expect(codes(heard), words(heard)).toEqual(['done']);
      expect(heard.ms).toBeGreaterThan(5_000);
      return 'let go after 20 s without a reader; the other one waits so long';
    },
    ['long'],
  );

  key('12 channels at once, all with the same act', async () => {
    const heard = await Promise.all(
      Array.from({ length: 12 }, async (_, at) => await on.talkAsOps([act('remove-scratch', {}, { run, epoch: 1_000_000 + at })])),
    );
    expect(heard.every((one) => ['done', 'HOST_FENCED'].includes(codes(one)[0] ?? ''))).toBe(true);
    expect(heard.some((one) => codes(one)[0] === 'done')).toBe(true);
    expect(codes(await on.talkAsOps([act('remove-scratch', {}, { run, epoch: 5 })]))).toEqual(['HOST_FENCED']);
    await on.asRoot('rm -r /var/lib/etcd-medic-host/etcd/runs');
    return 'one after the other under the lock; older epochs are HOST_FENCED';
  });

  key('the channel cut in the middle of an act, and the program killed', async () => {
    on.mayChange('/etc/systemd/system');
    const stop = [
      ['systemctl', 'mask', 'etcd.service'],
      ['systemctl', 'stop', 'etcd.service'],
    ];
    await on.asRoot('systemctl stop etcd');
    const cut = execa(
      'ssh',
      [
        '-F',
        'none',
        '-i',
        on.lab.ssh.identityFile,
        '-o',
        `UserKnownHostsFile=${on.lab.ssh.knownHostsFile}`,
        `etcdops@${on.lab.host('etcd01').address}`,
      ],
      { reject: false, stdin: 'pipe', timeout: 600 },
    );
    cut.stdin.write(`${JSON.stringify(act('fence', {}, { run, approved: stop }))}\n`);
    await cut;
    await on.asOps('pkill -KILL -f /usr/local/sbin/etcd-medic-host; true');
    const after = await on.talk(act('fence', {}, { run, approved: stop }), act('unmask-start', {}, { run }));
    expect(codes(after), words(after)).toEqual(['done', 'done']);
    await on.lab.waitHealthy();
    return 'etcdops cannot signal it; the next request finds what is left and does it';
  });
});
