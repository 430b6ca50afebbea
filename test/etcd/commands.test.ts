import { describe, expect, it } from 'vitest';
import type { ExecutedCommand, PlannedCommand } from '../../src/engine/command.ts';
import { etcdCommands, recorded } from '../../src/etcd/commands.ts';
import { MemberId, MemberName } from '../../src/ids.ts';
import { fakeClock } from '../fakes/clock.ts';

const etcd01 = MemberName.parse('etcd01');
const members = [
  { name: etcd01, clientUrl: 'https://10.0.0.31:2379' },
  { name: MemberName.parse('etcd02'), clientUrl: 'https://10.0.0.32:2379' },
];
const tls = { ca: '/etc/ca.pem', cert: '/etc/root.pem', key: '/etc/root.key' };

describe('etcd-commands', () => {
  it('saves a snapshot from exactly one endpoint', () => {
    const { argv } = etcdCommands({ members, tls, user: undefined }).saveSnapshot(etcd01, '/backups/prod/.run.part');

    expect(argv.join(' ')).toBe(
      'etcdctl --endpoints https://10.0.0.31:2379 --cacert /etc/ca.pem --cert /etc/root.pem --key /etc/root.key snapshot save /backups/prod/.run.part',
    );
  });

  it('names the user and never the password', () => {
    const { argv } = etcdCommands({ members, tls: undefined, user: 'root' }).put('-key', 'value');

    expect(argv.join(' ')).toBe('etcdctl --endpoints https://10.0.0.31:2379,https://10.0.0.32:2379 --user root put -- -key value');
  });

  it('types what changes members, space and alarms as etcdctl would', () => {
    const commands = etcdCommands({ members, tls: undefined, user: undefined });
    const id = MemberId.parse('8e9e05c52164694d');
    const words = (command: PlannedCommand) => command.argv.slice(2).join(' ');
    const all = 'https://10.0.0.31:2379,https://10.0.0.32:2379';

    expect(words(commands.addLearner(etcd01, ['https://10.0.0.31:2380']))).toBe(
      `${all} member add etcd01 --learner --peer-urls=https://10.0.0.31:2380`,
    );
    expect(words(commands.promote(id))).toBe(`${all} member promote 8e9e05c52164694d`);
    expect(words(commands.removeMember(id))).toBe(`${all} member remove 8e9e05c52164694d`);
    expect(words(commands.updatePeerUrls(id, ['https://a:2380', 'https://b:2380']))).toBe(
      `${all} member update 8e9e05c52164694d --peer-urls=https://a:2380,https://b:2380`,
    );
    expect(words(commands.moveLeader(id))).toBe(`${all} move-leader 8e9e05c52164694d`);
    expect(words(commands.compact(12n))).toBe(`${all} compaction --physical 12`);
    expect(words(commands.defragment(etcd01))).toBe('https://10.0.0.31:2379 defrag');
    expect(words(commands.disarm({ memberId: id, type: 'NOSPACE' }))).toBe(`${all} alarm disarm`);
  });

  it('leaves out what is not worth noting', async () => {
    const seen: ExecutedCommand[] = [];
    const what = {
      command: { on: 'bot', argv: ['etcdctl'] },
      changes: true,
      output: String,
      worthNoting: (result: string) => result === 'done',
    };

    for (const result of ['not yet', 'done']) {
      await recorded({ record: (command) => void seen.push(command), clock: fakeClock() }, what, () => Promise.resolve(result));
    }

    expect(seen).toMatchObject([{ output: 'done' }]);
  });

  it('names a long value by its size', () => {
    expect(etcdCommands({ members, tls, user: undefined }).put('key', 'ä'.repeat(300)).argv.at(-1)).toBe('<600 bytes>');
  });

  it('records what came of it, also when it failed', async () => {
    const seen: ExecutedCommand[] = [];
    const clock = fakeClock();
    const recording = { record: (command: ExecutedCommand) => void seen.push(command), clock };
    const what = { command: { on: 'bot', argv: ['etcdctl', 'put'] }, changes: true, output: String };

    await recorded(recording, what, async () => await clock.sleep(20).then(() => 'OK'));
    await expect(recorded(recording, what, () => Promise.reject(new Error('no leader')))).rejects.toThrow('no leader');

    expect(seen).toMatchObject([
      { argv: ['etcdctl', 'put'], changes: true, exitCode: 0, output: 'OK', outputBytes: 2, durationMs: 20 },
      { exitCode: 1, output: 'no leader' },
    ]);
  });
});
