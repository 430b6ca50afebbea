import { describe, expect, it } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { etcdCommands, recorded } from '../../src/etcd/commands.ts';
import { MemberName } from '../../src/ids.ts';
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
